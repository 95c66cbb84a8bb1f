import type { MessageRecord } from '../../api/message.ts';
import type { RunRecord } from '../../api/run.ts';
import type { RunStepRecord } from '../../api/run-step.ts';
import type { SavedRun } from '../../run/run-event.ts';
import type { Stores } from '../../store/stores.ts';

type Reads = Pick<Stores, 'runs' | 'runSteps' | 'messages'>;

/** A run with its steps, oldest first, and the messages that it wrote. undefined for an unknown run. */
export async function loadSavedRun(
  stores: Reads,
  project: string,
  threadId: string,
  runId: string,
): Promise<SavedRun | undefined> {
  const run = await stores.runs.get(project, threadId, runId);
  return run && loadWork(stores, run);
}

/** A run's steps and messages, beside the run itself. */
export async function loadWork(stores: Reads, run: RunRecord) {
  const { thread_id, id } = run.object;
  const steps: RunStepRecord[] = await stores.runSteps.ofRun(thread_id, id);
  const found = await Promise.all(
    steps.map(({ object: { step_details: details } }) =>
      details.type === 'message_creation'
        ? stores.messages.get(run.project, thread_id, details.message_creation.message_id)
        : undefined,
    ),
  );
  const messages: MessageRecord[] = found.filter((message) => message !== undefined);
  return { run, steps, messages };
}
