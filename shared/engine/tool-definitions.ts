import type { RunRecord } from '../api/run.ts';
import type { ChatTool, ModelRequest } from '../model/model.ts';

/** The function tool under which the model is offered the code interpreter. */
export const PYTHON_TOOL = 'python';
export const FILE_SEARCH_TOOL = 'file_search';

const python: ChatTool = {
  type: 'function',
  function: {
    name: PYTHON_TOOL,
    description:
      'Runs Python code in a Jupyter-like session that keeps its variables between calls. Files are in /mnt/data, which is also the working folder. Open matplotlib figures are shown to the user. There is no network. Returns what the code printed, the value of the last expression, or the traceback.',
    parameters: {
      type: 'object',
      properties: { code: { type: 'string', description: 'The Python code to run.' } },
      required: ['code'],
      additionalProperties: false,
    },
  },
};

/** The run's tools as the model is offered them. */
export function chatTools(run: RunRecord): ChatTool[] {
  return run.object.tools.flatMap((tool): ChatTool[] => {
    switch (tool.type) {
      case 'code_interpreter':
        return [python];
      case 'function':
        return [{ type: 'function', function: tool.function }];
      case 'file_search':
        return [];
    }
  });
}

/**
 * The run's tool choice for its next model call. A forced choice applies to the first call only, or the run
 * would never end.
 */
export function chatToolChoice(run: RunRecord): ModelRequest['tool_choice'] {
  const choice = run.object.tool_choice;
  if (choice === null || choice === 'auto') return undefined;
  if (choice === 'none') return 'none';
  if (run.work.modelCalls > 0) return undefined;
  if (choice === 'required') return 'required';
  switch (choice.type) {
    case 'function':
      return choice.function && { type: 'function', function: { name: choice.function.name } };
    case 'code_interpreter':
      return { type: 'function', function: { name: PYTHON_TOOL } };
    case 'file_search':
      return undefined;
  }
}
