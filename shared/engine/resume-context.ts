import type { MessageRecord } from '../api/message.ts';
import type { RunStepRecord } from '../api/run-step.ts';
import type { RunSink } from '../events/run-event.ts';
import type { ClaimedRun } from './claimed-run.ts';
import type { EngineDependencies } from './dependencies.ts';
import { RunContext } from './run-context.ts';
import { isOpen, messageId, stepId } from './steps.ts';

/** What was saved of a run so far. A run that nobody worked on before has nothing to be read. */
export async function resumeContext(
  dependencies: EngineDependencies,
  claimed: ClaimedRun,
  sink: RunSink,
): Promise<RunContext> {
  const { object, project, work } = claimed.record;
  const begun = work.attempts > 1 || work.modelCalls > 0;
  if (!begun) return new RunContext(dependencies, claimed, sink, { steps: [], messages: [], resumed: false });
  const steps = await dependencies.stores.runSteps.ofRun(object.thread_id, object.id);
  const messages = await Promise.all(steps.map((step) => messageOf(step)));
  const saved = { run: claimed.record, steps, messages: messages.filter((message) => message !== undefined) };
  const context = new RunContext(dependencies, claimed, sink, { ...saved, resumed: true });
  // The step that was being written is the open one, or was not saved and would be the next.
  const openAt = steps.findIndex(isOpen);
  const next = openAt < 0 ? steps.length : openAt;
  const stepIds = [stepId(claimed.record, next), stepId(claimed.record, next + 1)];
  context.goOnAfter(await sink.resume(saved, { messageId: messageId(claimed.record, next), stepIds }));
  return context;

  async function messageOf(step: RunStepRecord): Promise<MessageRecord | undefined> {
    const details = step.object.step_details;
    if (details.type !== 'message_creation') return undefined;
    return dependencies.stores.messages.get(project, object.thread_id, details.message_creation.message_id);
  }
}
