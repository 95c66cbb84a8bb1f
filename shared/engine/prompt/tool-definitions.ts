import type { RunRecord } from '../../api/run.ts';
import type { ChatTool, ModelRequest } from '../../model/model.ts';

/**
 * What a model may call the code interpreter: the first is what it is told, unless the caller has a function of
 * that name. The others are what models call it all the same, when instructions speak of it.
 */
const INTERPRETER_NAMES = ['python', 'code_interpreter', 'run_python'] as const;

const functionNames = ({ object }: RunRecord): ReadonlySet<string> =>
  new Set(object.tools.flatMap((tool) => (tool.type === 'function' ? [tool.function.name] : [])));

/** The function tool under which the model is offered the code interpreter. */
export function interpreterName(run: RunRecord): string {
  const taken = functionNames(run);
  return INTERPRETER_NAMES.find((name) => !taken.has(name)) ?? 'hourglass_python';
}

/** Whether a call by this name runs code. */
export function isInterpreterCall(run: RunRecord, name: string): boolean {
  if (!run.object.tools.some((tool) => tool.type === 'code_interpreter')) return false;
  if (name === interpreterName(run)) return true;
  return INTERPRETER_NAMES.some((known) => known === name) && !functionNames(run).has(name);
}

const interpreter = (name: string): ChatTool => ({
  type: 'function',
  function: {
    name,
    description:
      'Runs Python code in a Jupyter-like session that keeps its variables between calls. Files are in /mnt/data, which is also the working folder. Open matplotlib figures are shown to the user. There is no network. Returns what the code printed, the value of the last expression, or the traceback.',
    parameters: {
      type: 'object',
      properties: { code: { type: 'string', description: 'The Python code to run.' } },
      required: ['code'],
      additionalProperties: false,
    },
  },
});

/** What models call the search in files, when instructions speak of it; the hosted API's knew it as `msearch`. */
const SEARCH_NAMES = ['file_search', 'msearch', 'file_search.msearch', 'search_files'] as const;

/** The function tool under which the model is offered the search in files. */
export const searchName = (run: RunRecord): string =>
  functionNames(run).has('file_search') ? 'hourglass_file_search' : 'file_search';

/** Whether a call by this name searches files. */
export function isSearchCall(run: RunRecord, name: string): boolean {
  if (!run.object.tools.some((tool) => tool.type === 'file_search')) return false;
  if (name === searchName(run)) return true;
  return SEARCH_NAMES.some((known) => known === name) && !functionNames(run).has(name);
}

const search = (name: string): ChatTool => ({
  type: 'function',
  function: {
    name,
    description:
      "Searches the user's files, by meaning and by words. Give several queries at once where a question has several parts or can be put in several ways; each is a question or keywords that stand for themselves. Returns passages, each with a marker to cite it by.",
    parameters: {
      type: 'object',
      properties: {
        queries: {
          type: 'array',
          items: { type: 'string' },
          description: 'What to look for: 1 to 5 queries.',
        },
      },
      required: ['queries'],
      additionalProperties: false,
    },
  },
});

/** The run's tools as the model is offered them, each once. */
export function chatTools(run: RunRecord): ChatTool[] {
  const offered = new Map<string, ChatTool>();
  for (const tool of run.object.tools) {
    if (tool.type === 'function')
      offered.set(tool.function.name, { type: 'function', function: tool.function });
    if (tool.type === 'code_interpreter') {
      const name = interpreterName(run);
      offered.set(name, interpreter(name));
    }
    if (tool.type === 'file_search') {
      const name = searchName(run);
      offered.set(name, search(name));
    }
  }
  return [...offered.values()];
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
      return { type: 'function', function: { name: interpreterName(run) } };
    case 'file_search':
      return { type: 'function', function: { name: searchName(run) } };
  }
}
