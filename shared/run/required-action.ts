import type { Run } from '../api/run.ts';
import type { FunctionCall } from './decide.ts';

/** What a run waits for: the outputs of these calls. */
export const requiredAction = (calls: readonly FunctionCall[]): NonNullable<Run['required_action']> => ({
  type: 'submit_tool_outputs',
  submit_tool_outputs: {
    tool_calls: calls.map(({ id, function: { name, arguments: text } }) => ({
      id,
      type: 'function',
      function: { name, arguments: text },
    })),
  },
});
