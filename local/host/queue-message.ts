import type { DequeuedMessageItem, QueueClient } from '@azure/storage-queue';

import type { QueueSettings } from './host-json.ts';
import { describeError, type HostLog } from './log.ts';

export interface QueueWork {
  readonly queue: QueueClient;
  /** Undefined for a queue that is a poison queue itself. */
  readonly poison: QueueClient | undefined;
  readonly settings: QueueSettings;
  /** How long a message that is worked on stays invisible; renewed at half time. 10 minutes in Azure. */
  readonly hiddenMs: number;
  /** How long a listener that finds nothing sleeps, as if it had to be woken from zero; 0 (default): as host.json says. */
  readonly coldMs?: number;
  readonly log: HostLog;
  /** Runs the function. Rejects when the message has to come again. */
  run(text: string, message: DequeuedMessageItem): Promise<void>;
}

/** Takes one received message to its end: deleted, released for another try, or poisoned. Never rejects. */
export async function handleMessage(work: QueueWork, message: DequeuedMessageItem): Promise<void> {
  const { queue, log, settings } = work;
  const hold = holdInvisible(work, message);
  try {
    const text = decode(message.messageText, settings.messageEncoding);
    // Beyond the limit already: its earlier hosts died with it, so it is not tried once more.
    const spent = work.poison !== undefined && message.dequeueCount > settings.maxDequeueCount;
    const failure = spent || text === undefined ? 'undeliverable' : await attempt(work, text, message);
    const popReceipt = await hold.release();
    if (failure === undefined) {
      await queue.deleteMessage(message.messageId, popReceipt);
    } else if (work.poison === undefined) {
      // As in Azure: it stays invisible until its time is over, lest it fail again and again at once.
    } else if (failure === 'undeliverable' || message.dequeueCount >= settings.maxDequeueCount) {
      log.write('error', 'queue', `${queue.name}: message ${message.messageId} goes to ${work.poison.name}`);
      await work.poison.createIfNotExists();
      await work.poison.sendMessage(message.messageText);
      await queue.deleteMessage(message.messageId, popReceipt);
    } else {
      const seconds = Math.round(settings.visibilityTimeout / 1000);
      await queue.updateMessage(message.messageId, popReceipt, undefined, seconds);
    }
  } catch (error) {
    // Storage said no; the message becomes visible again by itself.
    log.write('error', 'queue', `${queue.name}: message ${message.messageId}: ${describeError(error)}`);
  } finally {
    await hold.release();
  }
}

async function attempt(work: QueueWork, text: string, message: DequeuedMessageItem) {
  try {
    await work.run(text, message);
    return undefined;
  } catch (error) {
    const count = `try ${message.dequeueCount} of ${work.settings.maxDequeueCount}`;
    work.log.write('error', 'queue', `${work.queue.name}: ${count} failed: ${describeError(error)}`);
    return 'failed' as const;
  }
}

/** Renews the message's invisibility until released; `release` gives the pop receipt that is valid then. */
function holdInvisible({ queue, hiddenMs, log }: QueueWork, message: DequeuedMessageItem) {
  let popReceipt = message.popReceipt;
  let renewal: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    renewal = renewal.then(async () => {
      try {
        const seconds = Math.ceil(hiddenMs / 1000);
        const renewed = await queue.updateMessage(message.messageId, popReceipt, undefined, seconds);
        popReceipt = renewed.popReceipt ?? popReceipt;
      } catch (error) {
        log.write('warning', 'queue', `${queue.name}: renewal failed: ${describeError(error)}`);
      }
    });
  }, hiddenMs / 2);
  return {
    release: async () => {
      clearInterval(timer);
      await renewal;
      return popReceipt;
    },
  };
}

/** Undefined when the text is not what host.json promises. */
function decode(text: string, encoding: 'base64' | 'none'): string | undefined {
  if (encoding === 'none') return text;
  if (text.length % 4 !== 0 || !/^[a-z0-9+/]*={0,2}$/i.test(text)) return undefined;
  return Buffer.from(text, 'base64').toString('utf8');
}
