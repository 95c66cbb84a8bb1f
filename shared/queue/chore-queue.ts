import type { QueueClient } from '@azure/storage-queue';
import { z } from 'zod';

import type { RemovalQueue } from '../sessions/session-record.ts';
import { patiently } from '../store/patience.ts';
import { encode, wholeSeconds } from './work-queue.ts';

/** Chores on queue `chores`: the ends of Python sessions, and what a deleted thread leaves behind. */
export const ChoreMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('remove-session'), threadId: z.string(), group: z.string() }),
  z.object({ type: z.literal('end-sessions'), due: z.number() }),
  z.object({
    type: z.literal('remove-thread'),
    threadId: z.string(),
    /** The vector store that was made for the thread. */
    store: z.object({ project: z.string(), id: z.string() }).optional(),
  }),
]);
export type ChoreMessage = z.infer<typeof ChoreMessage>;

export type ThreadRemoval = Omit<Extract<ChoreMessage, { type: 'remove-thread' }>, 'type'>;

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

  async enqueueThreadRemoval(thread: ThreadRemoval, delayMs: number): Promise<void> {
    await this.put({ type: 'remove-thread', ...thread }, delayMs);
  }

  async put(message: ChoreMessage, delayMs: number): Promise<void> {
    await patiently((abortSignal) =>
      this.#queue.sendMessage(encode(message), { visibilityTimeout: wholeSeconds(delayMs), abortSignal }),
    );
  }
}
