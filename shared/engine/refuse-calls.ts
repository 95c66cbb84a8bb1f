import type { RunStepRecord, ToolCall } from '../api/run-step.ts';
import type { FunctionCall } from '../run/decide.ts';
import { progressed } from '../run/run-changes.ts';
import { toolCallsOf } from '../run/steps.ts';
import { stepEnded } from '../run/story.ts';
import { stepChange } from '../store/run-steps.ts';
import type { RunContext } from './claim/run-context.ts';
import { completeWhenDone } from './run-tool-calls.ts';

/**
 * Answers calls of tools that the run does not have: models invent some now and then, and a caller who was
 * asked for their outputs could not know what to do.
 */
export async function refuseCalls(
  context: RunContext,
  step: RunStepRecord,
  refused: readonly FunctionCall[],
): Promise<void> {
  const texts = new Map(
    refused.map((call) => [call.id, `There is no tool named ${JSON.stringify(call.function.name)}.`]),
  );
  const calls = toolCallsOf(step).map((call): ToolCall => {
    const output = texts.get(call.id);
    return call.type === 'function' && output !== undefined
      ? { ...call, function: { ...call.function, output } }
      : call;
  });
  const results = { ...step.results };
  for (const [id, text] of texts) results[id] = { text };
  const object = { ...step.object, step_details: { type: 'tool_calls' as const, tool_calls: calls } };
  const saved = completeWhenDone({ ...step, results, object }, context.now());
  await context.claimed.save(progressed, () => [stepChange(saved)]);
  context.putStep(saved);
  if (saved.object.status === 'completed') context.sink.tell(stepEnded(saved.object));
}
