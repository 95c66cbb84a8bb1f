import type { ExecutionLine } from './agent-wire.ts';
import type { ExecutionEvent } from './session.ts';

/** More than the agent's own limit (1 MiB by default), so that an honest agent's note is the one shown. */
const MAX_TEXT_BYTES = 2 * 1024 * 1024;
const MAX_IMAGES = 64;
const MAX_IMAGE_BYTES = 12 * 1024 * 1024;

type OutputEvent = Extract<ExecutionEvent, { type: 'logs' | 'image' | 'restarted' }>;

/** Turns an execution's lines into output events, and cuts what exceeds its bounds with a note in the text. */
export class OutputBudget {
  #bytes = 0;
  #images = 0;
  #noted = false;
  #endsLine = true;

  *events(line: Exclude<ExecutionLine, { type: 'heartbeat' }>): Generator<OutputEvent, void, undefined> {
    switch (line.type) {
      case 'stream':
        yield* this.#text(line.text);
        return;
      case 'execute_result':
        yield* this.#onOwnLine(line.text);
        return;
      case 'error':
        yield* this.#onOwnLine(line.traceback || `${line.ename}: ${line.evalue}`);
        return;
      case 'truncated':
        yield this.#note(
          line.what === 'images'
            ? `images left out: at most ${MAX_IMAGES}, of ${line.limit_bytes} bytes together, are shown`
            : `output cut at ${line.limit_bytes} bytes`,
        );
        return;
      case 'display_data':
        yield* this.#image(line.mime, line.data);
        return;
      case 'kernel_restarted':
        yield { type: 'restarted', reason: line.reason };
        return;
      case 'started':
      case 'done':
        return;
      default:
        line satisfies never;
    }
  }

  *#onOwnLine(text: string): Generator<OutputEvent, void, undefined> {
    yield* this.#text(this.#endsLine ? text : `\n${text}`);
  }

  *#text(text: string): Generator<OutputEvent, void, undefined> {
    if (text === '') return;
    const bytes = Buffer.byteLength(text);
    const room = MAX_TEXT_BYTES - this.#bytes;
    this.#bytes += bytes;
    if (room > 0) {
      const shown = bytes <= room ? text.toWellFormed() : cutAt(text, room);
      this.#endsLine = shown.endsWith('\n');
      yield { type: 'logs', text: shown };
    }
    if (bytes > room && !this.#noted) {
      this.#noted = true;
      yield this.#note(`output cut at ${MAX_TEXT_BYTES} bytes`);
    }
  }

  *#image(mime: 'image/png' | 'image/jpeg', base64: string): Generator<OutputEvent, void, undefined> {
    const data = Buffer.from(base64, 'base64');
    this.#images += 1;
    if (this.#images > MAX_IMAGES) {
      if (this.#images === MAX_IMAGES + 1) yield this.#note(`only the first ${MAX_IMAGES} images are shown`);
    } else if (data.length > MAX_IMAGE_BYTES) {
      yield this.#note(`an image larger than ${MAX_IMAGE_BYTES} bytes was left out`);
    } else if (!hasSignature(mime, data)) {
      yield this.#note(`an image that is not ${mime} was left out`);
    } else {
      yield { type: 'image', mime, data };
    }
  }

  #note(note: string): OutputEvent {
    const text = `${this.#endsLine ? '' : '\n'}[${note}]\n`;
    this.#endsLine = true;
    return { type: 'logs', text };
  }
}

/** At most `bytes` bytes of UTF-8, without half a character at the end. */
const cutAt = (text: string, bytes: number): string =>
  Buffer.from(text)
    .subarray(0, bytes)
    .toString('utf8')
    .replace(/\uFFFD$/, '');

function hasSignature(mime: 'image/png' | 'image/jpeg', data: Buffer): boolean {
  const signature = mime === 'image/png' ? '89504e470d0a1a0a' : 'ffd8ff';
  return data.subarray(0, signature.length / 2).toString('hex') === signature;
}
