import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { PythonRuntime } from './python-runtime.ts';
import { agentPrefix, kernelPrefix, type SessionUser } from './session-user.ts';

export interface SandboxLimits {
  /** Of all processes of the session together. */
  readonly memoryBytes: number;
  readonly dataBytes: number;
  readonly processes: number;
  readonly scratchBytes: number;
}

export const MEBIBYTE = 1024 * 1024;
export const defaultLimits: SandboxLimits = {
  memoryBytes: 2048 * MEBIBYTE,
  dataBytes: 2048 * MEBIBYTE,
  processes: 128,
  scratchBytes: 256 * MEBIBYTE,
};

export interface SandboxFolders {
  readonly data: string;
  readonly config: string;
  readonly run: string;
}

const agentSource = fileURLToPath(new URL('../../session/agent', import.meta.url));
const AGENT_HOME = '/opt/hourglass';
const SOCKET_FOLDER = '/run/hourglass';
export const SOCKET_NAME = 'agent.sock';

/** All that Python and its libraries read outside /usr. Nothing of /etc that says anything about this machine. */
const SYSTEM_FILES = [
  '/etc/alternatives',
  '/etc/fonts',
  '/etc/ld.so.cache',
  '/etc/ld.so.conf',
  '/etc/ld.so.conf.d',
  '/etc/localtime',
  '/etc/matplotlibrc',
  '/etc/mime.types',
  '/etc/python3',
  '/etc/python3.11',
  '/etc/python3.12',
  '/etc/python3.13',
];

/**
 * Libraries look for certificates before they look for the network, and would complain of the wrong thing. One public
 * authority will do; which ones this machine trusts is its own affair.
 */
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';
const PUBLIC_AUTHORITIES = '/usr/share/ca-certificates/mozilla';

function certificates(): string[] {
  const [authority] = existsSync(PUBLIC_AUTHORITIES) ? readdirSync(PUBLIC_AUTHORITIES).sort() : [];
  return authority ? ['--symlink', join(PUBLIC_AUTHORITIES, authority), CERTIFICATES] : [];
}

/** The agent's environment; the kernel gets a fresh one from the agent. */
export function agentEnvironment(
  limits: SandboxLimits,
  user: SessionUser | undefined,
): Record<string, string> {
  return {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    LANG: 'C.UTF-8',
    HOME: '/tmp',
    PYTHONDONTWRITEBYTECODE: '1',
    AGENT_MEMORY_BYTES: String(limits.memoryBytes),
    AGENT_DATA_BYTES: String(limits.dataBytes),
    AGENT_FILE_BYTES: String(limits.dataBytes),
    AGENT_PROCESSES: String(limits.processes),
    AGENT_RUN_AS: user ? kernelPrefix(user) : '',
  };
}

/**
 * bubblewrap's arguments: every namespace unshared (so no network, no other process, no host's sockets), a root
 * of read-only system folders, and three folders of the session's own.
 */
export function bubblewrapArguments(options: {
  python: PythonRuntime;
  folders: SandboxFolders;
  limits: SandboxLimits;
  user: SessionUser | undefined;
}): string[] {
  const { python, folders, limits, user } = options;
  const environment = {
    ...agentEnvironment(limits, user),
    AGENT_LISTEN: `unix:${SOCKET_FOLDER}/${SOCKET_NAME}`,
    AGENT_DATA_DIR: '/mnt/data',
    AGENT_CONFIG_DIR: '/mnt/configmap/session',
  };
  const scratch = String(limits.scratchBytes);
  return [
    ...['--unshare-ipc', '--unshare-pid', '--unshare-net', '--unshare-uts', '--unshare-cgroup-try'],
    // Root switches to real users of the session's own (the seccomp filter keeps them from new namespaces);
    // anybody else gets a user namespace in which they are one ordinary user.
    ...(user ? [] : ['--unshare-user', '--disable-userns', '--uid', '1000', '--gid', '1000']),
    ...['--die-with-parent', '--new-session', '--hostname', 'session', '--clearenv'],
    ...[
      '--cap-drop',
      'ALL',
      ...(user ? ['SETUID', 'SETGID', 'SETPCAP'].flatMap((name) => ['--cap-add', `CAP_${name}`]) : []),
    ],
    ...['--ro-bind', '/usr', '/usr'],
    ...['bin', 'sbin', 'lib', 'lib64'].flatMap((name) =>
      existsSync(`/${name}`) ? ['--symlink', `usr/${name}`, `/${name}`] : [],
    ),
    // Made here, because bubblewrap would make them for their owner only.
    ...parents([
      AGENT_HOME,
      '/mnt/configmap',
      '/run',
      '/etc',
      dirname(CERTIFICATES),
      ...python.folders,
    ]).flatMap((path) => [...['--perms', '0755', '--dir', path]]),
    ...certificates(),
    ...SYSTEM_FILES.flatMap((path) => ['--ro-bind-try', path, path]),
    ...python.folders.flatMap((path) => ['--ro-bind', path, path]),
    ...['--ro-bind', agentSource, `${AGENT_HOME}/agent`],
    ...['--proc', '/proc', '--dev', '/dev'],
    ...['--perms', '1777', '--size', scratch, '--tmpfs', '/tmp'],
    ...['--perms', '1777', '--size', scratch, '--tmpfs', '/dev/shm'],
    ...['--bind', folders.data, '/mnt/data'],
    ...['--ro-bind', folders.config, '/mnt/configmap/session'],
    ...['--bind', folders.run, SOCKET_FOLDER],
    ...['--remount-ro', '/dev', '--remount-ro', '/'],
    ...Object.entries(environment).flatMap(([name, value]) => ['--setenv', name, value]),
    ...['--chdir', AGENT_HOME],
  ];
}

/** Every folder on the way to these, and they themselves, outermost first. */
function parents(paths: readonly string[]): string[] {
  const found = new Set<string>();
  for (const path of paths) {
    const steps = path.split('/').slice(1);
    steps.forEach((_step, index) => {
      found.add(`/${steps.slice(0, index + 1).join('/')}`);
    });
  }
  return [...found].sort();
}

/**
 * The agent, which ends when its standard input does: a pipe that nobody writes to, held by the emulator alone. A
 * bubblewrap whose parent was killed before it asked to die with it would go on for ever.
 */
const WITH_PARENT = `
import os, runpy, signal, threading

def end_with_parent():
    os.read(0, 1)
    os.kill(os.getpid(), signal.SIGTERM)

threading.Thread(target=end_with_parent, daemon=True).start()
runpy.run_module("agent", run_name="__main__", alter_sys=True)
`;

export const agentProgram = (python: PythonRuntime): [string, ...string[]] => [
  python.executable,
  '-c',
  WITH_PARENT,
];

/** What runs inside. Below the host's own priority, so that busy code does not starve the API. */
export const agentCommand = (python: PythonRuntime, user: SessionUser | undefined): string[] => [
  ...['/usr/bin/nice', '-n', '5'],
  ...(user ? agentPrefix(user) : []),
  ...agentProgram(python),
];
