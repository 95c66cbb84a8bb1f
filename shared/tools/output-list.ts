import type { CodeOutcome, CodeOutput } from './code-interpreter.ts';
import type { RunWorkspace } from './workspace-plan.ts';

/** Text of one call that a model is shown; a whole log is kept in the step. */
const MAX_MODEL_CHARACTERS = 40_000;

/** Joins pieces of logs and keeps the order of logs and figures. */
export class OutputList {
  readonly #outputs: CodeOutput[] = [];
  readonly #onOutput: (output: CodeOutput) => void;
  /** File ids of figures by content, so that one figure shown twice is one file. */
  readonly images = new Map<string, string>();

  /** @param onOutput called with each piece as it arrives; pieces of logs are to be joined */
  constructor(onOutput: (output: CodeOutput) => void) {
    this.#onOutput = onOutput;
  }

  /** What came so far. */
  get outputs(): readonly CodeOutput[] {
    return this.#outputs;
  }

  logs(text: string): void {
    if (text === '') return;
    const last = this.#outputs.at(-1);
    if (last?.type === 'logs')
      this.#outputs[this.#outputs.length - 1] = { type: 'logs', logs: last.logs + text };
    else this.#outputs.push({ type: 'logs', logs: text });
    this.#onOutput({ type: 'logs', logs: text });
  }

  image(fileId: string): void {
    if (this.#outputs.some((output) => output.type === 'image' && output.image.file_id === fileId)) return;
    const output: CodeOutput = { type: 'image', image: { file_id: fileId } };
    this.#outputs.push(output);
    this.#onOutput(output);
  }

  outcome(note: string, workspace: RunWorkspace): CodeOutcome {
    const shown = this.#outputs.map((output) =>
      output.type === 'logs' ? output.logs : '[A figure was shown to the user.]',
    );
    const text = [...shown, note].filter((part) => part !== '').join('\n');
    return {
      outputs: this.#outputs,
      text: shorten(text) || '[The code ran and printed nothing.]',
      workspace,
    };
  }
}

/** Keeps the beginning and, where tracebacks end, the end. */
function shorten(text: string): string {
  if (text.length <= MAX_MODEL_CHARACTERS) return text;
  const half = MAX_MODEL_CHARACTERS / 2;
  const left = text.length - MAX_MODEL_CHARACTERS;
  return `${text.slice(0, half)}\n[… ${left} characters left out …]\n${text.slice(-half)}`;
}
