import { spawnSync } from 'node:child_process';

export type Isolation = 'bubblewrap' | 'none';

/** Every namespace that a session needs, around a program that ends at once: about 15 ms. */
const PROBE = ['--ro-bind', '/', '/', '--unshare-ipc', '--unshare-pid', '--unshare-net', '--unshare-uts'];
const PROBE_UNPRIVILEGED = ['--unshare-user', '--disable-userns'];

/**
 * How sessions are isolated on this machine: by bubblewrap, or, if that is asked for in so many words, not.
 * @throws saying what helps, when neither is possible
 */
export function findIsolation(wanted: Isolation | undefined): Isolation {
  if (wanted === 'none') {
    process.stderr.write(
      '\n  SESSION_ISOLATION=none: Python code that the model writes runs WITHOUT A SANDBOX, as you, with your\n' +
        '  files and your network. Use it only where every prompt is your own.\n\n',
    );
    return 'none';
  }
  if (process.platform !== 'linux') {
    throw new Error(
      'Python sessions are isolated by bubblewrap, which runs on Linux only. Use Linux or WSL 2, or, if every prompt is your own, set SESSION_ISOLATION=none.',
    );
  }
  const unprivileged = process.getuid?.() === 0 ? [] : PROBE_UNPRIVILEGED;
  const probe = spawnSync('bwrap', [...PROBE, ...unprivileged, '--', 'true'], {
    encoding: 'utf8',
    timeout: 10_000,
  });
  if (probe.error && 'code' in probe.error && probe.error.code === 'ENOENT') {
    throw new Error(
      'Python sessions are isolated by bubblewrap, which is not installed. On Debian or Ubuntu: sudo apt-get install bubblewrap',
    );
  }
  if (probe.status !== 0) {
    throw new Error(
      `bubblewrap cannot isolate Python sessions here: ${probe.stderr.trim() || probe.error?.message || `exit ${probe.status}`}. ` +
        'User namespaces must be permitted (sysctl user.max_user_namespaces; on Ubuntu 24.04 an AppArmor profile for bwrap; in Docker --security-opt seccomp=unconfined).',
    );
  }
  return 'bubblewrap';
}
