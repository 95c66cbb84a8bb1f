import { useRef, useState } from 'preact/hooks';

import { Icon } from './icons.tsx';

/** Takes files by choice, by drop. */
export const DropZone = ({
  label,
  busy,
  onFiles,
}: {
  label: string;
  busy: boolean;
  onFiles: (files: readonly File[]) => void;
}) => {
  const picker = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  return (
    <div
      class={over ? 'drop-zone drop-over' : 'drop-zone'}
      role="group"
      aria-label={label}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        onFiles([...(event.dataTransfer?.files ?? [])]);
      }}
    >
      <button type="button" disabled={busy} onClick={() => picker.current?.click()}>
        <Icon name="plus" /> {busy ? 'Uploading …' : label}
      </button>
      <span class="muted">or drop files here</span>
      <input
        ref={picker}
        type="file"
        multiple
        class="unseen"
        tabIndex={-1}
        aria-label={label}
        onChange={(event) => {
          onFiles([...(event.currentTarget.files ?? [])]);
          event.currentTarget.value = '';
        }}
      />
    </div>
  );
};
