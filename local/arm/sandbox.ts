import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

import {
  agentCommand,
  agentEnvironment,
  agentProgram,
  bubblewrapArguments,
  type SandboxFolders,
  type SandboxLimits,
  SOCKET_NAME,
} from './bubblewrap.ts';
import { killTree } from './process-tree.ts';
import type { PythonRuntime } from './python-runtime.ts';
import { removeFolder } from './remove-folder.ts';
import { seccompProgram } from './seccomp.ts';
import { returnSessionUser, type SessionUser, takeSessionUser } from './session-user.ts';

export interface SandboxSettings {
  readonly isolation: 'bubblewrap' | 'none';
  readonly python: PythonRuntime;
  readonly limits: SandboxLimits;
  /** Below it, each sandbox gets a folder; its path must be short, for the sake of Unix sockets. */
  readonly baseFolder: string;
}

/** Of what the agent tells of itself, what is asked here. */
interface Health {
  readonly claimed: boolean;
  readonly state: string;
}

const STDERR_TAIL = 4000;
const POLL_MS = 20;
const START_MS = 60_000;

/** One agent in its sandbox: started without an owner, then claimed with a token and a deadline. */
export class Sandbox {
  readonly socketPath: string;
  /** All that its code may write to outside its own scratch space. */
  readonly folder: string;
  /** The exit code or signal. Never rejects. */
  readonly exited: Promise<number | string>;
  readonly user: SessionUser | undefined;
  readonly isolated: boolean;
  readonly #folders: SandboxFolders;
  readonly #process: ChildProcess;
  #stderr = '';
  #over = false;

  constructor(settings: SandboxSettings) {
    this.isolated = settings.isolation === 'bubblewrap';
    this.user = this.isolated ? takeSessionUser() : undefined;
    this.folder = join(settings.baseFolder, randomBytes(4).toString('hex'));
    this.#folders = makeFolders(this.folder, this.user);
    this.socketPath = join(this.#folders.run, SOCKET_NAME);
    this.#process = this.isolated
      ? startIsolated(settings, this.#folders, this.user)
      : startBare(settings, this.#folders);
    // Nothing is written to it; that it breaks is no news.
    this.#process.stdin?.on('error', () => undefined);
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_TAIL);
    });
    this.exited = new Promise<number | string>((resolve) => {
      this.#process.once('error', (error) => resolve(error.message));
      this.#process.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
    }).then(async (how) => {
      this.#over = true;
      await this.#remove();
      return how;
    });
  }

  /** Its code decides how hard that is; whatever comes of it, nobody who waits for the end is to fail. */
  async #remove(): Promise<void> {
    try {
      await removeFolder(this.folder);
      // Not before: its numbers must not pass to somebody else while files of theirs exist.
      returnSessionUser(this.user);
    } catch (error) {
      console.error(`[sessions] ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  get pid(): number {
    return this.#process.pid ?? -1;
  }

  /** The last that the agent wrote to stderr. */
  get stderr(): string {
    return this.#stderr.trim();
  }

  /** Resolves when the agent answers. @throws when it ended, with what it said */
  listening(): Promise<void> {
    return this.#until((health) => health !== undefined);
  }

  /** Resolves when the kernel can run code at once. @throws when the agent ended, with what it said */
  warm(): Promise<void> {
    return this.#until((health) => health?.state === 'idle');
  }

  async #until(reached: (health: Health | undefined) => boolean): Promise<void> {
    for (const end = Date.now() + START_MS; ; ) {
      if (this.#over)
        throw new Error(`the session agent ended at its start: ${this.stderr || 'it said nothing'}`);
      if (reached(await this.#health())) return;
      if (Date.now() > end) throw new Error(`the session agent did not answer in time: ${this.stderr}`);
      await delay(POLL_MS);
    }
  }

  /**
   * Gives the sandbox to a session: the two files that a config map would bring. Once the agent has read them
   * they go, so that no code can.
   */
  async claim(token: string, deadline: string): Promise<void> {
    this.#give('deadline', deadline);
    this.#give('token', token);
    for (let tries = 0; !(await this.#health())?.claimed; tries++) {
      if (this.#over || tries > 500)
        throw new Error(`the session agent did not take its claim: ${this.stderr}`);
      await delay(POLL_MS);
    }
    for (const name of ['token', 'deadline']) rmSync(join(this.#folders.config, name), { force: true });
  }

  #give(name: string, value: string): void {
    const path = join(this.#folders.config, name);
    writeFileSync(`${path}.part`, value, { mode: 0o600 });
    if (this.user) chownSync(`${path}.part`, this.user.agentUid, this.user.gid);
    renameSync(`${path}.part`, path);
  }

  #health(): Promise<Health | undefined> {
    return new Promise((resolve) => {
      const asking = request({ socketPath: this.socketPath, path: '/healthz', timeout: 5_000 }, (answer) => {
        let body = '';
        answer.setEncoding('utf8').on('data', (text: string) => {
          body += text;
        });
        answer.on('error', () => resolve(undefined));
        answer.on('end', () => resolve(answer.statusCode === 200 ? JSON.parse(body) : undefined));
      });
      asking.on('timeout', () => asking.destroy());
      asking.on('error', () => resolve(undefined));
      asking.end();
    });
  }

  /** SIGKILL to the whole sandbox, as a crash or the end of a virtual machine would. */
  async kill(): Promise<void> {
    if (!this.#over && this.#process.pid !== undefined) await killTree(this.#process.pid);
    await this.exited;
  }
}

/** Group-writable for the kernel's user where there is one; the rest is the agent's alone. */
function makeFolders(folder: string, user: SessionUser | undefined): SandboxFolders {
  const make = (name: string, mode: number) => {
    const path = join(folder, name);
    mkdirSync(path, { recursive: true });
    if (user) chownSync(path, user.agentUid, user.gid);
    chmodSync(path, mode);
    return path;
  };
  return {
    data: make('data', user ? 0o2770 : 0o700),
    config: make('config', 0o700),
    run: make('run', 0o700),
  };
}

function startIsolated(settings: SandboxSettings, folders: SandboxFolders, user: SessionUser | undefined) {
  const { python, limits } = settings;
  const given = bubblewrapArguments({ python, folders, limits, user });
  const filter = seccompProgram();
  const ARGUMENTS_FD = 3;
  const FILTER_FD = 4;
  const child = spawn(
    'bwrap',
    [
      ...['--args', String(ARGUMENTS_FD)],
      ...(filter ? ['--seccomp', String(FILTER_FD)] : []),
      ...['--', ...agentCommand(python, user)],
    ],
    { stdio: ['pipe', 'ignore', 'pipe', 'pipe', 'pipe'], env: { PATH: process.env.PATH } },
  );
  // By pipe: the command line of process 1 can be read inside, and should not tell about this machine.
  feed(child, ARGUMENTS_FD, given.join('\0'));
  if (filter) feed(child, FILTER_FD, filter);
  return child;
}

function feed(child: ChildProcess, descriptor: number, content: string | Buffer): void {
  const pipe = child.stdio[descriptor] as Writable;
  // A bubblewrap that dies at once says why on stderr; the broken pipe adds nothing.
  pipe.on('error', () => undefined);
  pipe.end(content);
}

/** SESSION_ISOLATION=none: no sandbox at all. */
function startBare(settings: SandboxSettings, folders: SandboxFolders): ChildProcess {
  const [program, ...args] = agentProgram(settings.python);
  return spawn(program, args, {
    cwd: new URL('../../session', import.meta.url),
    stdio: ['pipe', 'ignore', 'pipe'],
    env: {
      ...agentEnvironment(settings.limits, undefined),
      AGENT_LISTEN: `unix:${join(folders.run, SOCKET_NAME)}`,
      AGENT_DATA_DIR: folders.data,
      AGENT_CONFIG_DIR: folders.config,
    },
  });
}
