import type { RunRecord } from '../api/run.ts';
import { unixSeconds } from '../clock.ts';
import { errorFields } from '../log.ts';
import type { RunEnd } from '../run/decide.ts';
import { endRun } from '../run/end-run.ts';
import { threadAfterRun } from '../run/thread-after-run.ts';
import { laterMessageChange } from '../store/message-rows.ts';
import { stepChange } from '../store/run-steps.ts';
import type { RunRow } from '../store/runs.ts';
import type { EngineDependencies } from './claim/dependencies.ts';
import { dismissWatchdog } from './claim/dismiss-watchdog.ts';
import { loadWork } from './claim/load-saved-run.ts';
import { discardUnsavedFiles } from './discard-unsaved-files.ts';

/**
 * Ends a run that nobody works on: cancelled while it waits, expired without its caller's outputs, failed by
 * a message that cannot be handled. @throws {Conflict} when somebody took it meanwhile
 */
export async function endUnattended(
  dependencies: EngineDependencies,
  row: RunRow,
  end: RunEnd,
): Promise<RunRecord> {
  const { stores, clock, log, tellSaved } = dependencies;
  const { work } = row.document;
  const { steps, messages } = await loadWork(stores, row.document);
  await discardUnsavedFiles(stores, row.document, steps);
  const ending = endRun(row.document, end, steps, messages, unixSeconds(clock.now()));
  const changes = [...ending.messages.map(laterMessageChange), ...ending.steps.map(stepChange)];
  const state = threadAfterRun(row.document, steps, messages);
  const saved = await stores.runs.finish(row, ending.run, changes, state);
  await dismissWatchdog(dependencies, work.watchdog);
  // The end stands; whoever follows the stream learns of it from the run when the log cannot be written.
  await tellSaved({
    run: saved.document,
    steps: steps.map((step) => ending.steps.find(({ object }) => object.id === step.object.id) ?? step),
    messages: messages.map((one) => ending.messages.find(({ object }) => object.id === one.object.id) ?? one),
  }).catch((error: unknown) => {
    const run = saved.document.object.id;
    log.warn('the end of a run is missing in its event log', { run, ...errorFields(error) });
  });
  return saved.document;
}
