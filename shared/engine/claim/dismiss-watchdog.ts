import type { QueueReceipt } from '../../api/run.ts';
import { errorFields } from '../../log.ts';
import type { EngineDependencies } from './dependencies.ts';

/** Deletes a waiting watchdog of no more use. Left alone it would wake once, find that, and go: never an error. */
export async function dismissWatchdog(
  { runQueue, log }: Pick<EngineDependencies, 'runQueue' | 'log'>,
  watchdog: QueueReceipt | null,
): Promise<void> {
  if (!watchdog) return;
  await runQueue.remove(watchdog).catch((error: unknown) => {
    log.warn('a watchdog of no more use was left to wake once', errorFields(error));
  });
}
