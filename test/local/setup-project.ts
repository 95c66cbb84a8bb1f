import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdir, mkdtemp, readFile, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const local = fileURLToPath(new URL('../../local', import.meta.url));

/** A small project with the real set-up, on a machine that has only the programs that a test puts there. */
export interface SetupProject {
  readonly folder: string;
  /** Puts a shell script on the machine's PATH. Every call of it is noted. */
  program(name: string, body: string): Promise<string>;
  /** `name arguments`, one for each call of a program, in order. */
  calls(): Promise<readonly string[]>;
  run(
    args: readonly string[],
    environment?: Record<string, string>,
  ): Promise<{ code: number | null; output: string }>;
}

export async function setupProject(): Promise<SetupProject> {
  const folder = await mkdtemp(join(tmpdir(), 'hourglass-setup-'));
  const bin = join(folder, 'bin');
  const journal = join(folder, 'calls');
  await mkdir(bin);
  await mkdir(join(folder, 'session'));
  await writeFile(journal, '');
  await cp(join(local, 'setup.mjs'), join(folder, 'local/setup.mjs'));
  await cp(join(local, 'setup'), join(folder, 'local/setup'), { recursive: true });
  await writeFile(
    join(folder, 'session/packages-local.txt'),
    '# why\npython3-one # and so on\n\npython3-two\n',
  );
  await writeFile(join(folder, 'session/requirements-local.txt'), 'one==1\n');
  await writeFile(join(folder, 'package.json'), '{"name":"project","version":"1.0.0"}');
  await writeFile(join(folder, 'package-lock.json'), '{"lockfileVersion":3}');
  for (const tool of ['sh', 'mkdir', 'cat', 'chmod']) {
    await symlink(await which(tool), join(bin, tool));
  }
  const program = async (name: string, body: string) => {
    const file = join(bin, name);
    await writeFile(file, `#!/bin/sh\necho "${name} $*" >> ${journal}\n${body}\n`);
    await chmod(file, 0o755);
    return file;
  };
  return {
    folder,
    program,
    calls: async () => (await readFile(journal, 'utf8')).split('\n').slice(0, -1),
    run: async (args, environment = {}) => {
      const child = spawn(process.execPath, args, {
        cwd: folder,
        env: { PATH: bin, BIN: bin, PROJECT: folder, ...environment },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const closed = once(child, 'close') as Promise<[number | null]>;
      const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
      return { code: (await closed)[0], output: out + err };
    },
  };
}

async function which(tool: string): Promise<string> {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const file = join(folder, tool);
    const found = await readFile(file).then(
      () => true,
      () => false,
    );
    if (found && dirname(file) !== '.') return file;
  }
  throw new Error(`${tool} is not on PATH`);
}
