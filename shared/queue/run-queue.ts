import type { QueueClient } from '@azure/storage-queue';
import { z } from 'zod';

import type { QueueReceipt } from '../api/run.ts';
import { patiently } from '../store/patience.ts';

/**
 * Work waiting: ids only, so that a message is safe to deliver twice, late, or after its run is gone.
 * `start` asks for work at once; `watch` wakes later to see that the run has not been abandoned.
 */
export const RunMessage = z.object({
  threadId: z.string(),
  runId: z.string(),
  kind: z.enum(['start', 'watch']),
});
export type RunMessage = z.infer<typeof RunMessage>;

export class RunQueue {
  readonly #queue: QueueClient;

  constructor(queue: QueueClient) {
    this.#queue = queue;
  }

  /** @param delayMs how long the message stays invisible; at most 7 days */
  async put(message: RunMessage, delayMs = 0): Promise<QueueReceipt> {
    const response = await patiently((abortSignal) =>
      this.#queue.sendMessage(encode(message), { visibilityTimeout: wholeSeconds(delayMs), abortSignal }),
    );
    return { messageId: response.messageId, popReceipt: response.popReceipt };
  }

  /** Puts a waiting message off for another `delayMs`. undefined when somebody took or deleted it. */
  async postpone(
    receipt: QueueReceipt,
    message: RunMessage,
    delayMs: number,
  ): Promise<QueueReceipt | undefined> {
    try {
      const { messageId, popReceipt } = receipt;
      const response = await patiently((abortSignal) =>
        this.#queue.updateMessage(messageId, popReceipt, encode(message), wholeSeconds(delayMs), {
          abortSignal,
        }),
      );
      return { messageId, popReceipt: response.popReceipt ?? popReceipt };
    } catch (error) {
      if (isGone(error)) return undefined;
      throw error;
    }
  }

  /** Deletes a waiting message; nothing happens when it is gone already. */
  async remove(receipt: QueueReceipt): Promise<void> {
    const { messageId, popReceipt } = receipt;
    await patiently((abortSignal) => this.#queue.deleteMessage(messageId, popReceipt, { abortSignal })).catch(
      (error: unknown) => {
        if (!isGone(error)) throw error;
      },
    );
  }
}

/** The queue trigger expects base64 (host.json, `messageEncoding`). */
export const encode = (message: unknown): string => Buffer.from(JSON.stringify(message)).toString('base64');

export const wholeSeconds = (milliseconds: number): number => Math.max(0, Math.ceil(milliseconds / 1000));

/** 404: deleted. 400 PopReceiptMismatch: received by somebody, so the receipt no longer holds. */
function isGone(error: unknown): boolean {
  const { statusCode, code } = error as { statusCode?: number; code?: string };
  return statusCode === 404 || code === 'PopReceiptMismatch' || code === 'MessageNotFound';
}
