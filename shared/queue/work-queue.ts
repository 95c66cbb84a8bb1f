import type { QueueClient } from '@azure/storage-queue';

import type { QueueReceipt } from '../api/run.ts';
import { DAY } from '../clock.ts';
import { patiently } from '../store/patience.ts';

/** A message can be hidden for at most 7 days: https://learn.microsoft.com/rest/api/storageservices/put-message */
export const LONGEST_DELAY_MS = 6 * DAY;
/** Messages that wait for something must not vanish before it comes. */
const FOR_EVER = -1;

/** Work waiting, as messages that may be put off or taken back while they wait. */
export class WorkQueue<Message> {
  readonly #queue: QueueClient;

  constructor(queue: QueueClient) {
    this.#queue = queue;
  }

  /** @param delayMs how long the message stays invisible; at most {@link LONGEST_DELAY_MS} */
  async put(message: Message, delayMs = 0): Promise<QueueReceipt> {
    const response = await patiently((abortSignal) =>
      this.#queue.sendMessage(encode(message), {
        visibilityTimeout: wholeSeconds(Math.min(delayMs, LONGEST_DELAY_MS)),
        messageTimeToLive: FOR_EVER,
        abortSignal,
      }),
    );
    return { messageId: response.messageId, popReceipt: response.popReceipt };
  }

  /** Puts a waiting message off for another `delayMs`. undefined when somebody took or deleted it. */
  async postpone(
    receipt: QueueReceipt,
    message: Message,
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
