import { setTimeout as delay } from 'node:timers/promises';

import OpenAI from 'openai';

import type { Hosts } from './hosts.ts';
import { type Kind, questionOf } from './kinds.ts';
import type { Recovery } from './recovery.ts';

type Run = OpenAI.Beta.Threads.Run;

/** A run as its caller saw it. */
export interface Outcome {
  readonly kind: Kind;
  readonly threadId: string;
  readonly question: string;
  /** undefined when it never ended. */
  readonly run: Run | undefined;
}

/** Longer than any run may last, hosts dying included. */
const PATIENCE_MS = 180_000;
const END = new Set(['completed', 'failed', 'cancelled', 'incomplete', 'expired']);

/**
 * An application that does not give up: what fails for lack of a host or of storage it asks again, at the
 * other host, after having looked whether it was done all the same.
 */
export class Caller {
  readonly #hosts: Hosts;
  readonly #recovery: Recovery;
  readonly #assistant: string;
  readonly threadId: string;

  private constructor(hosts: Hosts, recovery: Recovery, assistant: string, threadId: string) {
    this.#hosts = hosts;
    this.#recovery = recovery;
    this.#assistant = assistant;
    this.threadId = threadId;
  }

  static async begin(hosts: Hosts, recovery: Recovery, assistant: string): Promise<Caller> {
    const { id } = await persist((client) => client.beta.threads.create(), hosts);
    return new Caller(hosts, recovery, assistant, id);
  }

  /** One question, one run, followed to its end. */
  async ask(kind: Kind, name: string): Promise<Outcome> {
    const question = questionOf(kind, name);
    await this.say(question);
    const id = await this.#begin(kind);
    this.#recovery.follows(this.threadId, id);
    const run = await this.#follow(id, kind);
    this.#recovery.ended(id);
    return { kind, threadId: this.threadId, question, run };
  }

  async say(text: string): Promise<void> {
    await persist(async (client) => {
      const { data } = await client.beta.threads.messages.list(this.threadId, { limit: 5 });
      const said = data.some(({ content: [part] }) => part?.type === 'text' && part.text.value === text);
      if (!said) await client.beta.threads.messages.create(this.threadId, { role: 'user', content: text });
    }, this.#hosts);
  }

  async #begin(kind: Kind): Promise<string> {
    const newestRun = async (client: OpenAI) =>
      (await client.beta.threads.runs.list(this.threadId, { limit: 1 })).data[0]?.id;
    const before = await persist(newestRun, this.#hosts);
    return persist(async (client) => {
      const newest = await newestRun(client);
      if (newest && newest !== before) return newest;
      const request = { assistant_id: this.#assistant };
      if (kind !== 'streamed') return (await client.beta.threads.runs.create(this.threadId, request)).id;
      let id: string | undefined;
      try {
        for await (const event of client.beta.threads.runs.stream(this.threadId, request)) {
          if (event.event !== 'thread.run.created') continue;
          id = event.data.id;
          this.#recovery.follows(this.threadId, id);
        }
      } catch (error) {
        if (!id) throw error;
      }
      if (!id) throw new OpenAI.APIConnectionError({ message: 'the stream ended before it began' });
      return id;
    }, this.#hosts);
  }

  async #follow(id: string, kind: Kind): Promise<Run | undefined> {
    const place = { thread_id: this.threadId };
    const deadline = performance.now() + PATIENCE_MS;
    if (kind === 'cancel') await this.#try((client) => client.beta.threads.runs.cancel(id, place));
    while (performance.now() < deadline) {
      const run = await persist((client) => client.beta.threads.runs.retrieve(id, place), this.#hosts);
      if (END.has(run.status)) return run;
      const calls = run.required_action?.submit_tool_outputs.tool_calls ?? [];
      if (run.status === 'requires_action') {
        const tool_outputs = calls.map((call) => ({ tool_call_id: call.id, output: 'fine' }));
        await this.#try((client) =>
          client.beta.threads.runs.submitToolOutputs(id, { ...place, tool_outputs }),
        );
      }
      await delay(250);
    }
    return undefined;
  }

  /** Asks again until it is done or the run's state does not allow it (any more): then it was done before. */
  async #try(call: (client: OpenAI) => Promise<unknown>): Promise<void> {
    await persist(async (client) => {
      await call(client).catch((error: unknown) => {
        if (!(error instanceof OpenAI.BadRequestError)) throw error;
      });
    }, this.#hosts);
  }
}

/** Repeats what fails for lack of a host or of storage. @throws what the caller did wrong */
export async function persist<T>(call: (client: OpenAI) => Promise<T>, hosts: Hosts): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await call(hosts.client());
    } catch (error) {
      const refused = error instanceof OpenAI.APIError && error.status !== undefined && error.status < 500;
      if (refused || performance.now() > deadline) throw error;
      await delay(200);
    }
  }
}
