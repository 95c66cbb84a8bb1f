import { SECOND } from '../clock.ts';
import type { RunSink } from '../run/run-event.ts';
import { advanceRun } from './advance-run.ts';
import type { ClaimedRun } from './claim/claimed-run.ts';
import type { EngineDependencies } from './claim/dependencies.ts';
import { Interruption } from './claim/interruption.ts';
import { wakeWorker } from './claim/wake-worker.ts';

/** Time that a step in progress gets to end by itself when the process is asked to stop. */
const DRAIN_GRACE_MS = 2 * SECOND;

/**
 * Advances within this invocation's slice of time.
 * @param waiting the sink of a streaming request: no message stands behind such an invocation
 */
export function advanceClaimed(
  dependencies: EngineDependencies,
  claimed: ClaimedRun,
  waiting?: RunSink,
): Promise<void> {
  return dependencies.inProgress.track(advanceForASlice(dependencies, claimed, waiting));
}

async function advanceForASlice(
  dependencies: EngineDependencies,
  claimed: ClaimedRun,
  waiting: RunSink | undefined,
): Promise<void> {
  const { config, drain, openSink } = dependencies;
  const handOver = () => claimed.interrupt(new Interruption('drain'));
  const slice = setTimeout(handOver, config.runSliceMs);
  let grace: NodeJS.Timeout | undefined;
  const onDrain = () => {
    grace = setTimeout(handOver, DRAIN_GRACE_MS);
  };
  drain.addEventListener('abort', onDrain, { once: true });
  const sink = waiting ?? openSink(claimed.record);
  try {
    await advanceRun(dependencies, claimed, sink);
  } catch (error) {
    const { thread_id: threadId, id } = claimed.record.object;
    if (waiting) await wakeWorker(dependencies, threadId, id);
    throw error;
  } finally {
    clearTimeout(slice);
    clearTimeout(grace);
    drain.removeEventListener('abort', onDrain);
    await sink.close();
  }
}
