/** Runs `install` unless another set-up of this folder, awaited here, has made `done()` true meanwhile. */
export function exclusively(install: () => Promise<unknown>, done: () => unknown): Promise<void>;
