import type { QueueClient } from '@azure/storage-queue';
import { z } from 'zod';

import type { RemovalQueue } from '../sessions/session-record.ts';
import { patiently } from '../store/patience.ts';
import { encode, wholeSeconds } from './run-queue.ts';

/** Chores on queue `chores`: the ends of Python sessions, and what a deleted thread leaves behind. */
export const ChoreMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('remove-session'), threadId: z.string(), group: z.string() }),
  z.object({ type: z.literal('end-sessions'), due: z.number() }),
  z.object({ type: z.literal('remove-thread'), threadId: z.string() }),
]);
export type ChoreMessage = z.infer<typeof ChoreMessage>;

export class ChoreQueue implements RemovalQueue {
  readonly #queue: QueueClient;

  constructor(queue: QueueClient) {
    this.#queue = queue;
  }

  async enqueueRemoval(message: { threadId: string; group: string }, delayMs: number): Promise<void> {
    await this.put({ type: 'remove-session', ...message }, delayMs);
  }

  async enqueueEnds(due: number, delayMs: number): Promise<void> {
    await this.put({ type: 'end-sessions', due }, delayMs);
  }

  async enqueueThreadRemoval(threadId: string, delayMs: number): Promise<void> {
    await this.put({ type: 'remove-thread', threadId }, delayMs);
  }

  async put(message: ChoreMessage, delayMs: number): Promise<void> {
    await patiently((abortSignal) =>
      this.#queue.sendMessage(encode(message), { visibilityTimeout: wholeSeconds(delayMs), abortSignal }),
    );
  }
}
