import {
  type ContainerGroups,
  GroupError,
  type GroupRequest,
  type GroupView,
} from '../../shared/sessions/container-groups.ts';
import { FakeAgent } from './fake-agent.ts';

interface MemoryGroup {
  readonly request: GroupRequest;
  readonly agent: FakeAgent;
  health: { state: string; boot_id: string; generation: number; claimed: boolean };
  state: GroupView['state'];
}

/**
 * Container groups without Azure and without Python: each is something on a real socket that answers
 * `/healthz`. The test decides what goes wrong.
 */
export class MemoryGroups implements ContainerGroups, AsyncDisposable {
  readonly groups = new Map<string, MemoryGroup>();
  readonly created: string[] = [];
  /** Created although they were there: as in Azure, that restarts them. */
  readonly restarted: string[] = [];
  readonly deleted: string[] = [];
  lists = 0;
  /** Called before a creation: throw to refuse it, or to crash. The result is the state of the new group. */
  onCreate: (request: GroupRequest) => GroupView['state'] | undefined | Promise<undefined> = () => undefined;
  onDelete: (name: string) => void = () => {};
  /** What an agent answers to anything but `/healthz`. */
  answer: (response: import('node:http').ServerResponse) => void = (response) =>
    response.writeHead(404).end();
  /** Agents take requests to `/healthz` and never answer them. */
  silent = false;
  #boots = 0;

  async create(request: GroupRequest, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const state = (await this.onCreate(request)) ?? 'running';
    if (this.groups.has(request.name)) {
      this.restarted.push(request.name);
      this.reboot(request.name);
      return;
    }
    this.created.push(request.name);
    const agent = await FakeAgent.start((incoming, response) => {
      if (incoming.url !== '/healthz') return this.answer(response);
      if (!this.silent) response.end(JSON.stringify(this.groups.get(request.name)?.health ?? {}));
    });
    this.groups.set(request.name, { request, agent, state, health: this.#newBoot() });
  }

  async get(name: string, _signal?: AbortSignal): Promise<GroupView | undefined> {
    const group = this.groups.get(name);
    return group && view(name, group);
  }

  async delete(name: string, _signal?: AbortSignal): Promise<void> {
    this.onDelete(name);
    this.deleted.push(name);
    await this.vanish(name);
  }

  async *list(_signal?: AbortSignal): AsyncGenerator<GroupView> {
    this.lists += 1;
    for (const [name, group] of this.groups) yield view(name, group);
  }

  async vanish(name: string): Promise<void> {
    const group = this.groups.get(name);
    this.groups.delete(name);
    await group?.agent[Symbol.asyncDispose]();
  }

  /** The same address, another boot: as after a move to another host. */
  reboot(name: string): void {
    const group = this.groups.get(name);
    if (group) group.health = this.#newBoot();
  }

  #newBoot() {
    this.#boots += 1;
    return { state: 'idle', boot_id: `boot-${this.#boots}`, generation: 1, claimed: true };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of [...this.groups.keys()]) await this.vanish(name);
  }
}

const view = (name: string, { request, agent, state }: MemoryGroup): GroupView => ({
  name,
  state,
  address: agent.address,
  deadline: request.deadline,
  detail: `told to be ${state}`,
});

export const busy = (message = 'quota exceeded', retryAfterMs?: number) =>
  new GroupError('busy', message, retryAfterMs === undefined ? {} : { retryAfterMs });

/** A request that Azure never answers: it ends when its caller leaves. */
export const unanswered = (signal?: AbortSignal) =>
  new Promise<never>((_, reject) =>
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true }),
  );
