import { type JsonStringDecoder, jsonStringDecoder } from './json-string-decoder.ts';

/**
 * Pulls one string member out of a JSON object that arrives in pieces cut anywhere, so that code reaches the client
 * while the model still writes it. Never throws: models write broken JSON, and small ones bare code instead of JSON.
 */
export interface JsonStringStream {
  /** The characters of the member that this piece completes; often an empty string. */
  push(piece: string): string;
  /**
   * Call once, after the last piece. `value` is the member's text: what `push` returned in all, and `rest`, which it
   * could not return. Where there is no such member, the best reading of what the model wrote: an object's only
   * string, a bare string, or, when it is no JSON object at all, the text itself without a Markdown fence.
   */
  finish(): { readonly value: string; readonly rest: string };
}

type State = 'start' | 'members' | 'key' | 'after-key' | 'value' | 'skip' | 'no-object' | 'done';

/** @param member the name of the string member, at the top level of the object; the first of that name counts */
export function jsonStringStream(member: string): JsonStringStream {
  const pieces: string[] = [];
  /** What each push returned. Kept apart: slicing the growing whole would copy it with every piece. */
  const sent: string[] = [];
  let out = '';
  let state: State = 'start';
  let key = '';
  let decoder: JsonStringDecoder | undefined;
  /** In a value that is not wanted: how many brackets are open. */
  let depth = 0;
  let found = false;

  /** Reads on in the string that is open, and returns the next position. */
  function readString(piece: string, position: number): number {
    decoder ??= jsonStringDecoder();
    const read = decoder.read(piece, position);
    if (state === 'key') key += read.text;
    if (state === 'value') out += read.text;
    if (!decoder.ended) return read.position;
    decoder = undefined;
    if (state === 'key') state = 'after-key';
    if (state === 'value') state = 'done';
    return read.position;
  }

  function step(piece: string, position: number): number {
    const character = piece[position]!;
    switch (state) {
      case 'start':
        if (character === '{') state = 'members';
        else if (!/\s/.test(character)) state = 'no-object';
        return position + 1;
      case 'members':
        if (character === '"') {
          state = 'key';
          key = '';
        } else if (character === '}') state = 'done';
        else if (!/[\s,]/.test(character)) state = 'no-object';
        return position + 1;
      case 'key':
      case 'value':
        return readString(piece, position);
      case 'after-key':
        if (/[\s:]/.test(character)) return position + 1;
        found = key === member && character === '"';
        state = found ? 'value' : 'skip';
        return found ? position + 1 : position;
      case 'skip':
        if (decoder) return readString(piece, position);
        if (character === '"') decoder = jsonStringDecoder();
        if (character === '{' || character === '[') depth++;
        if (depth === 0 && character === ',') state = 'members';
        if (depth === 0 && character === '}') state = 'done';
        if (character === '}' || character === ']') depth--;
        return position + 1;
      case 'no-object':
      case 'done':
        return piece.length;
    }
  }

  return {
    push(piece) {
      pieces.push(piece);
      out = '';
      for (let position = 0; position < piece.length; ) position = step(piece, position);
      if (out) sent.push(out);
      return out;
    },
    finish() {
      // Cut off in the middle, an answer at its token limit, is taken as far as it came.
      const rest = found ? (decoder?.pending ?? '') : bestReading(pieces.join(''), state === 'no-object');
      return { value: sent.join('') + rest, rest };
    },
  };
}

function bestReading(text: string, noObject: boolean): string {
  const parsed = parse(text);
  if (typeof parsed === 'string') return parsed;
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) {
    const strings = Object.values(parsed).filter((value) => typeof value === 'string');
    return strings.length === 1 ? strings[0]! : '';
  }
  return noObject ? withoutFence(text) : '';
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const withoutFence = (text: string): string =>
  /^\s*```\w*[^\S\n]*\n([\s\S]*?)\n?```\s*$/.exec(text)?.[1] ?? text;
