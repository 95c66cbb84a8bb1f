import { type Conversation, isOver, type Run, type RunStep, type Span } from './conversation.ts';

/** What is going on, in a few words. Pure. */
export function progressOf(run: Run, steps: readonly RunStep[]): string {
  switch (run.status) {
    case 'queued':
      return 'Queued: waiting for a worker';
    case 'cancelling':
      return 'Cancelling';
    case 'requires_action': {
      const count = run.required_action?.submit_tool_outputs.tool_calls.length ?? 0;
      return `Waits for ${count === 1 ? 'the output of a function' : `the outputs of ${count} functions`}`;
    }
    case 'in_progress':
      return stepInProgress(steps.findLast((step) => step.status === 'in_progress'));
    default:
      return run.status;
  }
}

function stepInProgress(step: RunStep | undefined): string {
  if (!step) return 'The model reads the thread';
  if (step.step_details.type === 'message_creation') return 'The model writes';
  const call = step.step_details.tool_calls?.at(-1);
  if (call?.type === 'file_search') return 'Searches the files';
  if (call?.type === 'function') return 'The model calls a function';
  return call && isRunning(step) ? 'Python runs' : 'Python';
}

/** Whether the code of a step runs for sure: it has printed or drawn something. */
export const isRunning = (step: RunStep): boolean =>
  step.step_details.type === 'tool_calls' &&
  (step.step_details.tool_calls ?? []).some(
    (call) => call?.type === 'code_interpreter' && (call.code_interpreter?.outputs ?? []).length > 0,
  );

/** Milliseconds from begin to end, as it was seen here, or in whole seconds as the API tells it. */
export function tookOf(conversation: Conversation, item: Run | RunStep, now?: number): number | undefined {
  const span = conversation.spans.get(item.id);
  if (span?.to !== undefined) return span.to - span.from;
  if (span && now !== undefined) return now - span.from;
  const end = item.completed_at ?? item.failed_at ?? item.cancelled_at;
  if (end === null || end === undefined) return undefined;
  return (end - item.created_at) * 1000;
}

/** Whether it was seen begin and end in this tab, so that fractions of seconds are known. */
export const wasWatched = (span: Span | undefined): boolean => span?.to !== undefined;

export const totalTokens = (run: Run): number | undefined => run.usage?.total_tokens;

export const isLive = (run: Run): boolean => !isOver(run) && run.status !== 'requires_action';
