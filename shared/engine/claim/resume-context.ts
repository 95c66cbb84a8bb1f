import type { RunSink } from '../../run/run-event.ts';
import type { ClaimedRun } from './claimed-run.ts';
import type { EngineDependencies } from './dependencies.ts';
import { loadWork } from './load-saved-run.ts';
import { RunContext } from './run-context.ts';

/** What was saved of a run so far. A run that nobody worked on before has nothing to be read. */
export async function resumeContext(
  dependencies: EngineDependencies,
  claimed: ClaimedRun,
  sink: RunSink,
): Promise<RunContext> {
  const { work } = claimed.record;
  const begun = work.attempts > 1 || work.modelCalls > 0;
  if (!begun) {
    sink.catchUp({ run: claimed.record, steps: [], messages: [] });
    return new RunContext(dependencies, claimed, sink, { steps: [], messages: [], resumed: false });
  }
  const saved = await loadWork(dependencies.stores, claimed.record);
  await sink.resume(saved);
  return new RunContext(dependencies, claimed, sink, { ...saved, resumed: true });
}
