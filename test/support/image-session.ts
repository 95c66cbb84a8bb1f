import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import type { ImageSettings } from '../../infra/image-check/dockerfile.ts';
import { enterRoot } from '../../infra/image-check/enter-root.ts';
import { type Front, openFront } from '../../local/arm/front.ts';
import { AgentSession, agentHealth } from '../../shared/sessions/agent-client.ts';
import { callForJson } from '../../shared/sessions/agent-http.ts';
import { until } from './until.ts';

/** A container of the image, as far as one can be had without a container engine, and its agent as the backend sees it. */
export class ImageSession implements AsyncDisposable {
  readonly session: AgentSession;
  readonly token: string;
  readonly #front: Front;
  readonly #folder: string;
  readonly #ended: Promise<unknown>;

  private constructor(front: Front, token: string, folder: string, ended: Promise<unknown>) {
    this.#front = front;
    this.token = token;
    this.#folder = folder;
    this.#ended = ended;
    this.session = new AgentSession(this.#connection, 'image', 1);
  }

  /** @param limits AGENT_* settings of this container */
  static async start(
    root: string,
    image: ImageSettings,
    limits: Record<string, string>,
  ): Promise<ImageSession> {
    const folder = mkdtempSync(join(tmpdir(), 'hourglass-image-'));
    chmodSync(folder, 0o711);
    const agent = idOf(root, 'passwd', image.user);
    const shared = idOf(root, 'group', 'session');
    const folders = {
      data: '/mnt/data',
      runtime: '/run/hourglass',
      temporary: '/tmp',
      socket: '/run/outside',
    };
    const binds: Record<string, string> = {};
    for (const [name, inside] of Object.entries(folders)) {
      const path = join(folder, name);
      mkdirSync(path);
      chownSync(path, agent, name === 'socket' ? agent : shared);
      chmodSync(path, { data: 0o2770, runtime: 0o2770, temporary: 0o1777, socket: 0o700 }[name] ?? 0o700);
      binds[path] = inside;
    }
    const token = randomBytes(24).toString('base64url');
    const said = new PassThrough();
    const log = text(said);
    const ended = enterRoot(root, {
      network: false,
      binds,
      env: { ...image.env, ...limits, AGENT_LISTEN: 'unix:/run/outside/agent.sock', AGENT_TOKEN: token },
      command: [
        ...['/usr/bin/setpriv', `--reuid=${image.user}`, `--regid=${image.user}`, '--init-groups', '--'],
        ...['/bin/sh', '-c', 'cd "$0" && exec "$@"', image.workdir, ...image.entrypoint],
      ],
      output: said,
    }).finally(() => said.end());
    const front = await openFront(join(folder, 'socket', 'agent.sock'));
    const container = new ImageSession(front, token, folder, ended);
    const died = ended.then(async () => {
      throw new Error(`the container ended at its start: ${await log}`);
    });
    await Promise.race([died, until(() => container.#answers(), 'the agent answers')]);
    died.catch(() => undefined);
    return container;
  }

  get #connection() {
    return { address: `http://${this.#front.ip}:8080`, token: this.token };
  }

  async #answers(): Promise<boolean> {
    try {
      return (await agentHealth(this.#connection.address)).claimed;
    } catch {
      return false; // Not yet; whether ever is the caller's patience.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const shutdown = { method: 'POST', path: '/v1/shutdown' } as const;
    await callForJson(this.#connection, shutdown, z.unknown());
    await this.#ended;
    await this.#front.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** The number that a name has inside the root. */
function idOf(root: string, table: 'passwd' | 'group', name: string): number {
  const line = readFileSync(join(root, 'etc', table), 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`${name}:`));
  if (!line) throw new Error(`the image has no ${name} in /etc/${table}`);
  return Number(line.split(':')[2]);
}
