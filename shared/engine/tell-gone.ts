import type { MessageRecord } from '../api/message.ts';
import type { RunRecord } from '../api/run.ts';
import type { RunStepRecord } from '../api/run-step.ts';
import { endRun } from '../run/end-run.ts';
import type { EventSink } from '../run/run-event.ts';
import { isTerminal, transition } from '../run/run-state.ts';
import { runCancelling } from '../run/story.ts';

/**
 * Ends the stream of a run whose thread was deleted: there is nothing to be saved any more, but whoever waits for the
 * run is to learn that it is over, and official clients throw ("Final run has not been received") at a stream that
 * ends without saying so. It was its caller who ended it: cancelled.
 * @param now Unix seconds
 */
export function tellGone(
  sink: EventSink,
  run: RunRecord,
  { steps, messages }: { steps: readonly RunStepRecord[]; messages: readonly MessageRecord[] },
  now: number,
): void {
  if (isTerminal(run.object.status)) return;
  const object = run.object.status === 'cancelling' ? run.object : transition(run.object, 'cancelling', now);
  sink.tell(runCancelling(object));
  const { events } = endRun({ ...run, object }, { status: 'cancelled' }, steps, messages, now);
  sink.tell(events);
}
