import { watch } from 'node:fs';

/** Editors write a file in several steps, and several files at once. */
const QUIET_MS = 200;

/** Calls `changed` after changes below these folders, one call at a time. Ends with the process. */
export function watchSources(folders: readonly string[], changed: () => Promise<void>): void {
  let timer: NodeJS.Timeout | undefined;
  let calling = Promise.resolve();
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      calling = calling.then(changed);
    }, QUIET_MS);
  };
  for (const folder of folders) {
    watch(folder, { recursive: true }, (_, name) => {
      if (name === null || /\.(ts|json)$/.test(name)) soon();
    }).unref();
  }
}
