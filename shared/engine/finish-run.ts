import type { RunRecord } from '../api/run.ts';
import type { RunEnd } from '../run/decide.ts';
import { type Ending, endRun } from '../run/end-run.ts';
import { runCancelling } from '../run/story.ts';
import { threadAfterRun } from '../run/thread-after-run.ts';
import { stepChange } from '../store/run-steps.ts';
import type { EndingWrite } from './claim/claimed-run.ts';
import { dismissWatchdog } from './claim/dismiss-watchdog.ts';
import { Interruption } from './claim/interruption.ts';
import type { RunContext } from './claim/run-context.ts';
import { discardUnsavedFiles } from './discard-unsaved-files.ts';
import { tellGone } from './tell-gone.ts';

/**
 * Ends the run in hand: its open step and message, its own state and the thread's lock change in one
 * transaction. From then on nothing can fail: what is left are reports and tidying.
 */
export async function finishRun(context: RunContext, end: RunEnd): Promise<void> {
  const { claimed, sink, dependencies } = context;
  const { usage, modelCalls } = context.countTurn(context.run).work;
  let ending: Ending | undefined;
  let cancelling: RunRecord['object'] | undefined;
  if (end.status === 'cancelled') sink.tell(runCancelling(context.run.object));
  if (end.status !== 'completed') await discardUnsavedFiles(dependencies.stores, context.run, context.steps);
  try {
    const watchdog = await claimed.finish((record): EndingWrite => {
      const work = { ...record.work, usage, modelCalls };
      cancelling = record.object.status === 'cancelling' ? record.object : undefined;
      ending = endRun({ ...record, work }, end, context.steps, context.messages, context.now());
      return {
        record: ending.run,
        changes: [...context.written.changes(ending.messages), ...ending.steps.map(stepChange)],
        state: threadAfterRun(context.run, context.steps, context.messages),
      };
    });
    // Told already, unless the cancellation was noticed only now.
    if (cancelling) sink.tell(runCancelling(cancelling));
    if (ending) sink.tell(ending.events);
    await dismissWatchdog(dependencies, watchdog);
  } catch (error) {
    if (!(error instanceof Interruption)) throw error;
    // A cancellation that came with the last write was there first.
    if (error.reason === 'cancelling') return finishRun(context, { status: 'cancelled' });
    if (error.reason === 'gone') return tellGone(sink, context.run, context, context.now());
    if (error.reason !== 'lost') throw error;
  }
}
