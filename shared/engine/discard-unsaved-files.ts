import type { RunRecord } from '../api/run.ts';
import type { RunStepRecord } from '../api/run-step.ts';
import { sortKeyOf } from '../ids.ts';
import { executionId, isOpen, toolCallsOf } from '../run/steps.ts';
import type { Stores } from '../store/stores.ts';

/**
 * Deletes the files that unfinished code calls have made, but for the figures that their steps show: nobody
 * could ever learn of the others. Done before the run's end is saved, so that a crash in between repeats it.
 * @param stepsStay false when the steps are gone themselves
 */
export async function discardUnsavedFiles(
  { files }: Pick<Stores, 'files'>,
  run: RunRecord,
  steps: readonly RunStepRecord[],
  stepsStay = true,
): Promise<void> {
  for (const step of steps.filter(isOpen)) {
    for (const [index, call] of toolCallsOf(step).entries()) {
      if (call.type !== 'code_interpreter' || step.results[call.id] !== undefined) continue;
      const shown = call.code_interpreter.outputs.flatMap((output) =>
        output.type === 'image' && stepsStay ? [output.image.file_id] : [],
      );
      const sortKey = sortKeyOf(step.object.id) ?? '';
      await files.removeMadeBy(run.project, executionId(step, index), sortKey, new Set(shown));
    }
  }
}
