import { useRef } from 'preact/hooks';

import { download } from '../state/download.ts';
import { figureOf } from '../state/figures.ts';
import { FileLink } from './file-link.tsx';
import { Icon, IconButton } from './icons.tsx';

/** A picture that code drew. Its place is kept while it comes; a click shows it large. */
export const FigureView = ({
  fileId,
  alt = 'Figure drawn by the code',
}: {
  fileId: string;
  alt?: string;
}) => {
  const large = useRef<HTMLDialogElement>(null);
  const figure = figureOf(fileId).value;
  if (figure.problem)
    return (
      <p class="figure-missing">
        The figure {fileId} cannot be shown: {figure.problem.message}
      </p>
    );
  if (figure.isOther) return <FileLink fileId={fileId} />;
  if (!figure.url) return <div class="figure figure-coming" role="img" aria-label="A figure is loading" />;
  return (
    <>
      <button type="button" class="figure" title="Enlarge" onClick={() => large.current?.showModal()}>
        <img src={figure.url} alt={alt} decoding="async" />
      </button>
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a dialog by itself, and its button does */}
      <dialog ref={large} class="lightbox" aria-label={alt} onClick={() => large.current?.close()}>
        <img src={figure.url} alt={alt} />
        <div class="lightbox-tools">
          <button type="button" onClick={() => void download(fileId, `${fileId}.png`).catch(() => undefined)}>
            <Icon name="download" /> Download
          </button>
          <IconButton icon="close" label="Close" onClick={() => large.current?.close()} />
        </div>
      </dialog>
    </>
  );
};
