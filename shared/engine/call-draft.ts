import type OpenAI from 'openai';

import type { RunRecord } from '../api/run.ts';
import type { ToolCall } from '../api/run-step.ts';
import { jsonStringStream } from './json-string-stream.ts';
import { PYTHON_TOOL } from './tool-definitions.ts';

type ToolCallDelta = OpenAI.Beta.Threads.Runs.ToolCallDelta;

/** A tool call while the model writes it. */
export interface CallDraft {
  /** Takes a piece of the arguments; returns the text that it adds to what a stream shows. */
  push(piece: string): string;
  /** The call as far as it is written. */
  snapshot(): ToolCall;
  /** The call as the model meant it, after its last piece. */
  finish(): ToolCall;
  /** A stream's delta; what never changes stands only in the first, since clients concatenate. */
  delta(index: number, piece: string, first: boolean): ToolCallDelta;
}

export function draftCall(id: string, name: string, run: RunRecord): CallDraft {
  const hosted = name === PYTHON_TOOL && run.object.tools.some((tool) => tool.type === 'code_interpreter');
  return hosted ? codeDraft(id) : functionDraft(id, name);
}

function functionDraft(id: string, name: string): CallDraft {
  let written = '';
  const call = (): ToolCall => ({
    id,
    type: 'function',
    function: { name, arguments: written, output: null },
  });
  return {
    push(piece) {
      written += piece;
      return piece;
    },
    snapshot: call,
    finish: call,
    delta: (index, piece, first) =>
      first
        ? { index, id, type: 'function', function: { name, arguments: piece, output: null } }
        : { index, type: 'function', function: { arguments: piece } },
  };
}

function codeDraft(id: string): CallDraft {
  const stream = jsonStringStream('code');
  let written = '';
  let finished: string | undefined;
  const call = (input: string): ToolCall => ({
    id,
    type: 'code_interpreter',
    code_interpreter: { input, outputs: [] },
  });
  return {
    push(piece) {
      const added = stream.push(piece);
      written += added;
      return added;
    },
    snapshot: () => call(finished ?? written),
    finish() {
      finished ??= stream.finish().value;
      return call(finished);
    },
    delta: (index, piece, first) =>
      first
        ? { index, id, type: 'code_interpreter', code_interpreter: { input: piece, outputs: [] } }
        : { index, type: 'code_interpreter', code_interpreter: { input: piece } },
  };
}
