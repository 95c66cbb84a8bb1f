import { setTimeout as delay } from 'node:timers/promises';

import type { Fault } from './faults.ts';
import { type Front, openFront } from './front.ts';
import type { GroupBody } from './group-body.ts';
import type { Sandbox } from './sandbox.ts';
import type { WarmPool } from './warm-pool.ts';

/** One container group: its sandbox, its address, and what Azure would say about its state. */
export class Group {
  readonly body: GroupBody;
  readonly createdAt = new Date();
  provisioningState: 'Creating' | 'Succeeded' | 'Failed' = 'Creating';
  state: 'Pending' | 'Running' | 'Succeeded' | 'Failed' = 'Pending';
  failure = '';
  fromStandbyPool = false;
  #front: Front | undefined;
  #sandbox: Sandbox | undefined;
  readonly #deletion = new AbortController();

  constructor(body: GroupBody) {
    this.body = body;
  }

  get ip(): string | undefined {
    return this.#front?.ip;
  }

  get sandbox(): Sandbox | undefined {
    return this.#sandbox;
  }

  /** Brings it up; never rejects: what goes wrong is the group's state. */
  async provision(pool: WarmPool, fault: Fault | undefined): Promise<void> {
    try {
      if (fault?.kind === 'slow') await delay(fault.delayMs, undefined, { signal: this.#deletion.signal });
      if (fault?.kind === 'provisioning-failed')
        throw new Error('the emulator was told to let this one fail');
      if (!this.#deletion.signal.aborted) await this.#bringUp(pool);
      this.provisioningState = 'Succeeded';
    } catch (error) {
      this.failure = error instanceof Error ? error.message : String(error);
      this.provisioningState = 'Failed';
      this.state = 'Failed';
    }
  }

  async #bringUp(pool: WarmPool): Promise<void> {
    const { sandbox, warm } = pool.take();
    this.#sandbox = sandbox;
    this.fromStandbyPool = warm && this.body.claimsFromPool;
    await sandbox.listening();
    await sandbox.claim(this.body.token, this.body.deadline);
    const front = await openFront(sandbox.socketPath);
    this.#front = front;
    this.state = 'Running';
    void sandbox.exited.then(async (how) => {
      // Its container is gone, as with restartPolicy Never; a restarted group has another sandbox by now.
      await front.close();
      if (this.#sandbox !== sandbox) return;
      this.state = how === 0 ? 'Succeeded' : 'Failed';
    });
    if (this.#deletion.signal.aborted) await this.end();
  }

  /** As when Azure moves a group to another host: memory and files are lost, the address changes. */
  async move(pool: WarmPool): Promise<void> {
    const old = this.#sandbox;
    this.#sandbox = undefined;
    await old?.kill();
    await this.provision(pool, undefined);
  }

  async end(): Promise<void> {
    this.#deletion.abort();
    await this.#sandbox?.kill();
  }
}
