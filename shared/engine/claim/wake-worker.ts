import { errorFields } from '../../log.ts';
import type { EngineDependencies } from './dependencies.ts';

/** Has a run worked on at once. The run stands: when this cannot be said, its watchdog has to do. No error. */
export async function wakeWorker(
  { runQueue, log }: Pick<EngineDependencies, 'runQueue' | 'log'>,
  threadId: string,
  runId: string,
): Promise<void> {
  await runQueue.put({ threadId, runId, kind: 'start' }).catch((error: unknown) => {
    log.warn('a run waits for its watchdog', { run: runId, ...errorFields(error) });
  });
}
