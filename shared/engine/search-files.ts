import type { RunStep, RunStepRecord, ToolCall } from '../api/run-step.ts';
import type { FileSearchCall } from '../run/decide.ts';
import { progressed } from '../run/run-changes.ts';
import { toolCallsOf } from '../run/steps.ts';
import { stepEnded } from '../run/story.ts';
import type { Hit } from '../search/search-index.ts';
import { stepChange } from '../store/run-steps.ts';
import type { RunContext } from './claim/run-context.ts';
import { completeWhenDone } from './run-tool-calls.ts';

/** The ranker that `auto` stood for. */
const RANKER = 'default_2024_08_21';

/** Makes one search and saves what it found; the last result of a step completes it in the same write. */
export async function searchFiles(
  context: RunContext,
  step: RunStepRecord,
  call: FileSearchCall,
): Promise<void> {
  const { dependencies, claimed, run } = context;
  const queries = step.searches?.[call.id]?.queries ?? [];
  const { hits, threshold } = await dependencies.fileSearch.run(
    { run, queries, contextTokens: context.contextTokens },
    claimed.signal,
  );
  const file_search = {
    ranking_options: { ranker: RANKER, score_threshold: threshold } as const,
    results: hits.map(resultOf),
  };
  const calls = toolCallsOf(step).map(
    (other): ToolCall => (other === call ? { ...call, file_search } : other),
  );
  const details: RunStep['step_details'] = { type: 'tool_calls', tool_calls: calls };
  const saved = completeWhenDone(
    {
      ...step,
      object: { ...step.object, step_details: details },
      searches: { ...step.searches, [call.id]: { queries, number: await nextNumber(context) } },
      results: { ...step.results, [call.id]: { text: '' } },
    },
    context.now(),
  );
  await claimed.save(progressed, () => [stepChange(saved)]);
  context.putStep(saved);
  if (saved.object.status === 'completed') context.sink.tell(stepEnded(saved.object));
}

const resultOf = ({ fileId, fileName, score, text }: Hit) => ({
  file_id: fileId,
  file_name: fileName,
  score,
  content: [{ type: 'text' as const, text }],
});

/** Of the searches that the model reads of, no two have one number: an old marker must not lead to a new result. */
async function nextNumber(context: RunContext): Promise<number> {
  const { pastSteps } = await context.history();
  const numbers = [...pastSteps, ...context.steps].flatMap(({ searches }) =>
    Object.values(searches ?? {}).flatMap(({ number }) => number ?? []),
  );
  return numbers.length === 0 ? 0 : Math.max(...numbers) + 1;
}
