import { randomUUID } from 'node:crypto';

import type { ModelDelta } from './model.ts';

/**
 * Pieces of tool calls → deltas with a dense index and a unique id. Servers differ: some send no index, some no id,
 * some index 0 for every parallel call, some the id and name with every piece.
 */
export interface ToolCallReader {
  read(piece: unknown): Generator<ModelDelta>;
  /** Calls that never got a name are passed on all the same: an unknown tool is the engine's to answer. */
  end(): Generator<ModelDelta>;
  readonly any: boolean;
}

interface Call {
  readonly index: number;
  readonly theirIndex: number | undefined;
  theirId: string | undefined;
  readonly id: string;
  name: string;
  announced: boolean;
  /** What came before the name. */
  held: string;
}

export function toolCallReader(): ToolCallReader {
  const calls: Call[] = [];

  function callOf(index: number | undefined, id: string | undefined, name: string | undefined): Call {
    const current =
      index === undefined
        ? (calls.find((call) => id !== undefined && call.theirId === id) ?? calls.at(-1))
        : calls.findLast((call) => call.theirIndex === index);
    if (current && !startsAnother(current, index, id, name)) return current;
    const taken = id === undefined || calls.some((call) => call.id === id);
    const call: Call = {
      index: calls.length,
      theirIndex: index,
      theirId: id,
      id: taken ? `call_${randomUUID().replaceAll('-', '').slice(0, 24)}` : id,
      name: '',
      announced: false,
      held: '',
    };
    calls.push(call);
    return call;
  }

  return {
    *read(piece) {
      const { index, id, function: called } = shapeOf(piece);
      const call = callOf(index, id, called.name);
      if (!call.announced && called.name) call.name += called.name;
      if (!call.announced && !call.name) {
        call.held += called.arguments;
        return;
      }
      const first = call.announced ? {} : { id: call.id, name: call.name };
      const text = call.announced ? called.arguments : call.held + called.arguments;
      if (call.announced && text === '') return;
      call.announced = true;
      yield { type: 'tool-call', index: call.index, ...first, arguments: text };
    },
    *end() {
      for (const call of calls.filter(({ announced }) => !announced)) {
        yield { type: 'tool-call', index: call.index, id: call.id, name: '', arguments: call.held };
      }
    },
    get any() {
      return calls.length > 0;
    },
  };
}

/** Only a name starts a call; a piece with the same id, or without a name, continues one. */
function startsAnother(
  current: Call,
  index: number | undefined,
  id: string | undefined,
  name: string | undefined,
): boolean {
  if (!name || !current.announced) return false;
  if (id !== undefined && current.theirId !== undefined) return id !== current.theirId;
  return index === undefined;
}

interface Piece {
  readonly index: number | undefined;
  readonly id: string | undefined;
  readonly function: { readonly name: string | undefined; readonly arguments: string };
}

function shapeOf(piece: unknown): Piece {
  const { index, id, function: called } = record(piece);
  const { name, arguments: given } = record(called);
  return {
    index: typeof index === 'number' ? index : undefined,
    id: typeof id === 'string' && id !== '' ? id : undefined,
    function: {
      name: typeof name === 'string' && name !== '' ? name : undefined,
      arguments:
        typeof given === 'string' ? given : given && typeof given === 'object' ? JSON.stringify(given) : '',
    },
  };
}

const record = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? { ...value } : {};
