import type { RunSink } from '../run/run-event.ts';
import type { RunContext } from './claim/run-context.ts';

/**
 * Hands a run to another worker, which goes on at once: what was reported is written down first, then the
 * lease is given back, then the message is put (the watchdog covers the gap). What was not saved is done again
 * there, and code that runs keeps running: its outcome is fetched.
 * @throws {Interruption} when the run was cancelled or taken meanwhile
 */
export async function handOver(context: RunContext, sink: RunSink): Promise<void> {
  const { claimed, dependencies } = context;
  const { thread_id: threadId, id: runId } = context.run.object;
  await sink.close();
  await claimed.giveBack();
  dependencies.log.info('handed a run over', { run: runId });
  await dependencies.runQueue.put({ threadId, runId, kind: 'start' });
}
