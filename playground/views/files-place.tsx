import { useEffect, useState } from 'preact/hooks';

import { type Problem, problemOf } from '../api/problem.ts';
import { api } from '../state/connection.ts';
import { download } from '../state/download.ts';
import { baseName, learn } from '../state/file-facts.ts';
import { type FileObject, files } from '../state/lists.ts';
import { DropZone } from './drop-zone.tsx';
import { bytes, moment } from './format.ts';
import { IconButton } from './icons.tsx';
import { ProblemNote } from './problem-note.tsx';
import { TopBar } from './top-bar.tsx';

/** All files of the project: what was uploaded, and what code has made. */
export const FilesPlace = () => {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  useEffect(() => {
    void files.read();
  }, []);
  const attempt = async (work: () => Promise<void>) => {
    setProblem(undefined);
    await work().catch((error: unknown) => setProblem(problemOf(error)));
  };
  const upload = async (chosen: readonly File[]) => {
    setBusy(true);
    await attempt(async () => {
      for (const file of chosen) {
        const stored = await api().client.files.create({ file, purpose: 'assistants' });
        learn(stored);
        files.put(stored);
      }
    });
    setBusy(false);
  };
  const remove = (file: FileObject) =>
    attempt(async () => {
      if (!confirm(`Delete ${file.filename}?`)) return;
      await api().client.files.delete(file.id);
      files.drop(file.id);
    });
  return (
    <main class="middle" id="main" tabIndex={-1}>
      <TopBar>
        <h1 class="top-title">Files</h1>
      </TopBar>
      <div class="timeline">
        <div class="column stack">
          <DropZone label="Upload files" busy={busy} onFiles={(chosen) => void upload(chosen)} />
          <ProblemNote problem={problem ?? files.problem.value} />
          {files.items.value.length > 0 && (
            <ul class="table-list">
              {files.items.value.map((file) => (
                <li key={file.id}>
                  <span class="table-name" dir="auto">
                    {baseName(file.filename)}
                  </span>
                  <span class="table-facts">
                    {bytes(file.bytes)} ·{' '}
                    {file.purpose === 'assistants_output' ? 'made by code' : file.purpose} ·{' '}
                    {moment(file.created_at)}
                  </span>
                  <span class="table-tools">
                    <IconButton
                      icon="download"
                      label={`Download ${file.filename}`}
                      onClick={() => void attempt(() => download(file.id, baseName(file.filename)))}
                    />
                    <IconButton
                      icon="trash"
                      label={`Delete ${file.filename}`}
                      onClick={() => void remove(file)}
                    />
                  </span>
                </li>
              ))}
            </ul>
          )}
          {files.hasMore.value && (
            <button type="button" class="quiet more" onClick={() => void files.readMore()}>
              Show more
            </button>
          )}
          {files.state.value === 'read' && files.items.value.length === 0 && !files.problem.value && (
            <p class="muted">
              No files yet. Upload one and attach it to a question, or ask for something that code writes: it
              is kept here.
            </p>
          )}
        </div>
      </div>
    </main>
  );
};
