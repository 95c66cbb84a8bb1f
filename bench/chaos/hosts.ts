import OpenAI from 'openai';

import { type HostProcess, startHostProcess } from '../../local/host-process.ts';

/** Two hosts on one storage, of which one is killed again and again and started anew at once. */
export class Hosts {
  readonly #environment: Record<string, string>;
  #hosts: (HostProcess | undefined)[] = [undefined, undefined];
  /** When somebody was killed, in milliseconds of `performance.now()`. */
  readonly kills: number[] = [];

  constructor(environment: Record<string, string>) {
    this.#environment = environment;
  }

  async start(): Promise<void> {
    await Promise.all([0, 1].map((index) => this.#start(index)));
  }

  /** Kills one of them as `kill -9` does. */
  async kill(): Promise<void> {
    const index = Math.random() < 0.5 ? 0 : 1;
    const host = this.#hosts[index];
    // One that is not up yet has nothing to lose.
    if (!host) return;
    this.#hosts[index] = undefined;
    this.kills.push(performance.now());
    await host.kill();
    await this.#start(index);
  }

  /** A client of one that lives. */
  client(): OpenAI {
    const living = this.#hosts.filter((host) => host !== undefined);
    const host = living[Math.floor(Math.random() * living.length)];
    const baseURL = `${host?.url ?? 'http://127.0.0.1:9'}/v1`;
    return new OpenAI({ baseURL, apiKey: 'KEY', maxRetries: 0, timeout: 60_000 });
  }

  async stop(): Promise<void> {
    await Promise.all(this.#hosts.map((host) => host?.kill()));
  }

  async #start(index: number): Promise<void> {
    this.#hosts[index] = await startHostProcess({ environment: this.#environment });
  }
}
