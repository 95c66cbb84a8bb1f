import { spawn } from 'node:child_process';
import type { Writable } from 'node:stream';

/** Mounts what a container engine gives to a container, then becomes the command. $1 is the root, $2 the binds. */
const script = `set -eu
root=$1; binds=$2; shift 2
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=0755 dev "$root/dev"
for name in null zero full random urandom tty; do
  touch "$root/dev/$name"; mount --bind "/dev/$name" "$root/dev/$name"
done
ln -s /proc/self/fd "$root/dev/fd"; ln -s fd/0 "$root/dev/stdin"; ln -s fd/1 "$root/dev/stdout"; ln -s fd/2 "$root/dev/stderr"
mkdir "$root/dev/shm"; mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
mkdir "$root/dev/pts"; mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
for bind in $binds; do
  mkdir -p "$root\${bind#*:}"; mount --bind "\${bind%%:*}" "$root\${bind#*:}"
done
exec chroot "$root" "$@"`;

export interface EnterOptions {
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** With the machine's network, as a build has it; else with none at all, as a session has it. */
  readonly network: boolean;
  /** Host folder → folder inside; paths without spaces. */
  readonly binds?: Readonly<Record<string, string>>;
  readonly output?: Writable;
}

/**
 * Runs a command as root of a root file system, in namespaces of its own; all its processes end with it.
 * Not in bubblewrap: that forbids file capabilities, which the image depends on.
 * @returns the exit code. @throws when it cannot be started
 */
export function enterRoot(root: string, options: EnterOptions): Promise<number> {
  const binds = Object.entries(options.binds ?? {}).map(([host, inside]) => `${host}:${inside}`);
  const namespaces = ['--mount', '--pid', '--fork', '--kill-child', '--ipc', '--uts'];
  const child = spawn(
    'unshare',
    [
      ...[...namespaces, ...(options.network ? [] : ['--net'])],
      ...['/bin/sh', '-c', script, 'enter', root, binds.join(' '), ...options.command],
    ],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', ...options.env },
    },
  );
  const output = options.output ?? process.stderr;
  child.stdout.pipe(output, { end: false });
  child.stderr.pipe(output, { end: false });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}
