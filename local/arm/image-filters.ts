import { fileURLToPath } from 'node:url';

import { seccompProgram } from './seccomp.ts';

/** Debian's names of the architectures, by Node's. */
const architectures = { x64: 'amd64', arm64: 'arm64' } as const;

/** The files of the image's build context that hold seccomp filters, and what has to be in them. */
export const imageFilters = (): [file: string, program: Buffer][] =>
  (Object.keys(architectures) as (keyof typeof architectures)[]).map((name) => {
    const file = new URL(`../../session/seccomp/${architectures[name]}.bpf`, import.meta.url);
    return [fileURLToPath(file), seccompProgram(name) ?? Buffer.alloc(0)];
  });
