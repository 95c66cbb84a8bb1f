import type { RunRecord } from '../../api/run.ts';
import type { ToolCall } from '../../api/run-step.ts';
import { isInterpreterCall, isSearchCall } from '../prompt/tool-definitions.ts';
import { jsonStringStream } from './json-string-stream.ts';
import { queriesIn } from './search-queries.ts';

/** A tool call while the model writes it. */
export interface CallDraft {
  readonly type: ToolCall['type'];
  /** Takes a piece of the arguments; returns the text that it adds to what a stream shows. */
  push(piece: string): string;
  /** The call as far as it is written. */
  snapshot(): ToolCall;
  /** Call after the last piece: what it adds to what a stream shows. */
  finish(): string;
  /** What a file search asks for; the API shows it nowhere. */
  queries?(): readonly string[];
}

export function draftCall(id: string, name: string, run: RunRecord): CallDraft {
  if (isInterpreterCall(run, name)) return codeDraft(id);
  return isSearchCall(run, name) ? searchDraft(id) : functionDraft(id, name);
}

function functionDraft(id: string, name: string): CallDraft {
  let written = '';
  return {
    type: 'function',
    push(piece) {
      written += piece;
      return piece;
    },
    snapshot: () => ({ id, type: 'function', function: { name, arguments: written, output: null } }),
    finish() {
      // A function without parameters: callers parse what they get.
      if (written.trim() !== '') return '';
      written = '{}';
      return written;
    },
  };
}

function codeDraft(id: string): CallDraft {
  const stream = jsonStringStream('code');
  let written = '';
  let finished = false;
  return {
    type: 'code_interpreter',
    push(piece) {
      const added = stream.push(piece);
      written += added;
      return added;
    },
    snapshot: () => ({ id, type: 'code_interpreter', code_interpreter: { input: written, outputs: [] } }),
    finish() {
      if (finished) return '';
      finished = true;
      const { rest } = stream.finish();
      written += rest;
      return rest;
    },
  };
}

function searchDraft(id: string): CallDraft {
  let written = '';
  return {
    type: 'file_search',
    push(piece) {
      written += piece;
      return '';
    },
    snapshot: () => ({ id, type: 'file_search', file_search: {} }),
    finish: () => '',
    queries: () => queriesIn(written),
  };
}
