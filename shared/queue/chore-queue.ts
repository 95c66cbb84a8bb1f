import type { QueueClient } from '@azure/storage-queue';
import { z } from 'zod';

import type { QueueReceipt } from '../api/run.ts';
import type { RemovalQueue } from '../sessions/session-record.ts';
import { WorkQueue } from './work-queue.ts';

/** Chores on queue `chores`: the ends of Python sessions, and what deleted threads and broken uploads leave behind. */
export const ChoreMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('remove-session'), threadId: z.string(), group: z.string() }),
  z.object({ type: z.literal('end-sessions'), due: z.number() }),
  z.object({
    type: z.literal('check-file'),
    project: z.string(),
    fileId: z.string(),
    /** Whether the file stays, if it is whole. */
    wanted: z.boolean(),
  }),
  z.object({ type: z.literal('check-upload'), project: z.string(), uploadId: z.string() }),
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
  readonly #messages: WorkQueue<ChoreMessage>;

  constructor(queue: QueueClient) {
    this.#messages = new WorkQueue(queue);
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

  put(message: ChoreMessage, delayMs: number): Promise<QueueReceipt> {
    return this.#messages.put(message, delayMs);
  }

  /** Deletes a message that still waits. */
  takeBack(receipt: QueueReceipt): Promise<void> {
    return this.#messages.remove(receipt);
  }
}
