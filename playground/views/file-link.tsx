import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';

import { type Problem, problemOf } from '../api/problem.ts';
import { download } from '../state/download.ts';
import { baseName, factsOf } from '../state/file-facts.ts';
import { bytes } from './format.ts';
import { Icon } from './icons.tsx';

/** A file with its name and size; a click downloads it. */
export const FileLink = ({ fileId, label }: { fileId: string; label?: ComponentChildren }) => {
  const { file, problem } = factsOf(fileId).value;
  const [refused, setRefused] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const name = file ? baseName(file.filename) : fileId;
  const save = async () => {
    setBusy(true);
    setRefused(undefined);
    await download(fileId, name).catch((error: unknown) => setRefused(problemOf(error)));
    setBusy(false);
  };
  const failed = refused ?? problem;
  return (
    <span class="file-link-box">
      <button
        type="button"
        class="file-link"
        disabled={busy}
        title={`Download ${name}`}
        onClick={() => void save()}
      >
        <Icon name="download" />
        <span class="file-name" dir="auto">
          {label ?? name}
        </span>
        {file && <span class="file-size">{bytes(file.bytes)}</span>}
      </button>
      {failed && <span class="file-problem">{failed.message}</span>}
    </span>
  );
};
