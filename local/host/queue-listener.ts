import { setTimeout as delay } from 'node:timers/promises';

import { describeError } from './log.ts';
import { createPollingDelay } from './polling-delay.ts';
import { handleMessage, type QueueWork } from './queue-message.ts';

export interface QueueListener {
  /** Stops receiving; resolves when no receive is under way. Messages in hand go on. */
  stop(): Promise<void>;
  /** Resolves when no message is in hand. */
  idle(): Promise<void>;
}

/**
 * Polls one queue as the Functions host does: up to `batchSize` messages at a time, handled in parallel, the
 * next batch as soon as no more than `newBatchThreshold` are in hand. `coldMs`: an app scaled to zero, whose listener
 * sleeps for so long before it looks, at the start and whenever it finds nothing.
 */
export function startQueueListener(work: QueueWork): QueueListener {
  const { queue, settings, log, coldMs = 0 } = work;
  const stopped = new AbortController();
  const asleep = (ms: number) => delay(ms, undefined, { signal: stopped.signal }).catch(() => undefined);
  const pause = createPollingDelay(settings.maxPollingInterval);
  const inHand = new Set<Promise<void>>();

  const receive = async () => {
    try {
      const answer = await queue.receiveMessages({
        numberOfMessages: settings.batchSize,
        visibilityTimeout: Math.ceil(work.hiddenMs / 1000),
      });
      return answer.receivedMessageItems;
    } catch (error) {
      if ((error as { statusCode?: number }).statusCode === 404) await createQueue(work);
      else log.write('warning', 'queue', `${queue.name}: cannot receive: ${describeError(error)}`);
      return [];
    }
  };

  const loop = async () => {
    if (coldMs > 0) await asleep(coldMs);
    while (!stopped.signal.aborted) {
      const messages = await receive();
      for (const message of messages) {
        const handled: Promise<void> = handleMessage(work, message).finally(() => inHand.delete(handled));
        inHand.add(handled);
      }
      if (messages.length === 0) {
        await asleep(coldMs || pause.next());
      } else {
        pause.reset();
      }
      while (inHand.size > settings.newBatchThreshold && !stopped.signal.aborted) await Promise.race(inHand);
    }
  };

  const looping = loop();
  return {
    stop: async () => {
      stopped.abort();
      // A loop that waits for a free place would only notice after one is free.
      await Promise.race([looping, Promise.all(inHand)]);
    },
    idle: async () => {
      while (inHand.size > 0) await Promise.all(inHand);
    },
  };
}

async function createQueue({ queue, log }: QueueWork): Promise<void> {
  try {
    await queue.createIfNotExists();
  } catch (error) {
    log.write('warning', 'queue', `${queue.name}: cannot be created: ${describeError(error)}`);
  }
}
