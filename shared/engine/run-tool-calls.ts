import type { RunStepRecord, ToolCall } from '../api/run-step.ts';
import { outputDelta } from '../events/delta-events.ts';
import { sortKeyOf } from '../ids.ts';
import { stepChange } from '../store/run-steps.ts';
import { emptyWorkspace, workspaceChange } from '../store/workspace.ts';
import type { CodeOutput } from '../tools/code-interpreter.ts';
import type { CodeCall } from './decide.ts';
import { stepEvent } from './finish.ts';
import type { RunContext } from './run-context.ts';
import { toolCallsOf } from './steps.ts';

/** Runs one code call and saves its result; the last result of a step completes it in the same write. */
export async function runCode(context: RunContext, step: RunStepRecord, call: CodeCall): Promise<void> {
  const { dependencies, claimed, run } = context;
  const index = toolCallsOf(step).indexOf(call);
  const outputs = new OutputDeltas(context, step, index);
  const workspace = context.workspace ?? (await context.loadWorkspace(await context.history(0)));
  const outcome = await dependencies.codeInterpreter.run(
    {
      run,
      executionId: `${step.object.id}-${index}`,
      sortKey: sortKeyOf(step.object.id) ?? '',
      code: call.code_interpreter.input,
      workspace: workspace ?? emptyWorkspace,
      resumed: context.resumed,
    },
    (output) => outputs.emit(output),
    claimed.signal,
  );
  context.workspace = outcome.workspace;
  const calls = toolCallsOf(step).map(
    (other): ToolCall =>
      other === call
        ? { ...call, code_interpreter: { ...call.code_interpreter, outputs: [...outcome.outputs] } }
        : other,
  );
  const done: RunStepRecord = {
    ...step,
    results: { ...step.results, [call.id]: { text: outcome.text } },
    object: { ...step.object, step_details: { type: 'tool_calls', tool_calls: calls } },
  };
  const saved = completeWhenDone(done, context.now());
  await claimed.save((record) => record, [stepChange(saved), workspaceChange(outcome.workspace)]);
  context.putStep(saved);
  if (saved.object.status === 'completed') context.sink.emit(stepEvent(saved));
}

/** Completes a step whose calls all have results. */
export async function completeToolStep(context: RunContext, step: RunStepRecord): Promise<void> {
  const completed = completeWhenDone(step, context.now());
  await context.claimed.save((record) => record, [stepChange(completed)]);
  context.putStep(completed);
  context.sink.emit(stepEvent(completed));
}

export function completeWhenDone(step: RunStepRecord, now: number): RunStepRecord {
  if (toolCallsOf(step).some((call) => step.results[call.id] === undefined)) return step;
  return { ...step, object: { ...step.object, status: 'completed', completed_at: now } };
}

/** Reports outputs as they arrive; pieces of one log share an index, as the stored outputs do. */
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

  emit(output: CodeOutput): void {
    if (output.type === 'image' || this.#last !== 'logs') this.#index += 1;
    this.#last = output.type;
    this.#context.sink.emit(outputDelta(this.#step.object.id, this.#call, { ...output, index: this.#index }));
  }
}
