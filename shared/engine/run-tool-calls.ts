import type { RunStepRecord, ToolCall } from '../api/run-step.ts';
import { sortKeyOf } from '../ids.ts';
import type { CodeCall } from '../run/decide.ts';
import { outputDelta } from '../run/delta-events.ts';
import { progressed } from '../run/run-changes.ts';
import { executionId, toolCallsOf } from '../run/steps.ts';
import { stepEnded } from '../run/story.ts';
import { stepChange } from '../store/run-steps.ts';
import { workspaceChange } from '../store/workspace.ts';
import type { CodeOutcome, CodeOutput } from '../tools/code-interpreter.ts';
import { OutputList } from '../tools/output-list.ts';
import type { RunContext } from './claim/run-context.ts';

/** Runs one code call and saves its result; the last result of a step completes it in the same write. */
export async function runCode(context: RunContext, step: RunStepRecord, call: CodeCall): Promise<void> {
  const { dependencies, claimed, run } = context;
  const index = toolCallsOf(step).indexOf(call);
  const deltas = new OutputDeltas(context, step, index);
  const outputs = new OutputList((output) => deltas.tell(output));
  const workspace = context.workspace ?? (await context.loadWorkspace(await context.history()));
  const codeCall = {
    run,
    executionId: executionId(step, index),
    sortKey: sortKeyOf(step.object.id) ?? '',
    code: call.code_interpreter.input,
    workspace,
    resumed: context.resumed,
    warm: context.takeWarmSession(),
  };
  let outcome: CodeOutcome;
  try {
    outcome = await dependencies.codeInterpreter.run(codeCall, outputs, claimed.signal);
  } catch (error) {
    // If the run ends here, what was shown stays with the step.
    context.putStep(withOutputs(step, call, outputs.outputs));
    throw error;
  }
  context.workspace = outcome.workspace;
  const shown = withOutputs(step, call, outcome.outputs);
  const results = { ...step.results, [call.id]: { text: outcome.text } };
  const saved = completeWhenDone({ ...shown, results }, context.now());
  await claimed.save(progressed, () => [stepChange(saved), workspaceChange(outcome.workspace)]);
  context.putStep(saved);
  if (saved.object.status === 'completed') context.sink.tell(stepEnded(saved.object));
}

function withOutputs(step: RunStepRecord, call: CodeCall, outputs: readonly CodeOutput[]): RunStepRecord {
  const calls = toolCallsOf(step).map(
    (other): ToolCall =>
      other === call
        ? { ...call, code_interpreter: { ...call.code_interpreter, outputs: [...outputs] } }
        : other,
  );
  return { ...step, object: { ...step.object, step_details: { type: 'tool_calls', tool_calls: calls } } };
}

/** Completes a step whose calls all have results. */
export async function completeToolStep(context: RunContext, step: RunStepRecord): Promise<void> {
  const completed = completeWhenDone(step, context.now());
  await context.claimed.save(
    (record) => record,
    () => [stepChange(completed)],
  );
  context.putStep(completed);
  context.sink.tell(stepEnded(completed.object));
}

export function completeWhenDone(step: RunStepRecord, now: number): RunStepRecord {
  if (toolCallsOf(step).some((call) => step.results[call.id] === undefined)) return step;
  return { ...step, object: { ...step.object, status: 'completed', completed_at: now } };
}

/** Tells outputs as they arrive; pieces of one log share an index, as the stored outputs do. */
class OutputDeltas {
  readonly #context: RunContext;
  readonly #step: RunStepRecord;
  readonly #call: number;
  #index = -1;
  #last: CodeOutput['type'] | undefined;

  constructor(context: RunContext, step: RunStepRecord, call: number) {
    this.#context = context;
    this.#step = step;
    this.#call = call;
  }

  tell(output: CodeOutput): void {
    if (output.type === 'image' || this.#last !== 'logs') this.#index += 1;
    this.#last = output.type;
    const delta = outputDelta(this.#step.object.id, this.#call, { ...output, index: this.#index });
    this.#context.sink.tell([delta]);
  }
}
