/** What is heard of an answer beside its chunks, which are all that the client library passes on. */
export interface Listening {
  /** Pass it to the client in place of `fetch`. */
  readonly fetch: typeof fetch;
  /** The stream came to its orderly end: some servers say nothing else of it. */
  readonly done: boolean;
  /** The server answered in one piece: it does not stream. */
  readonly whole: boolean;
}

/** As a line of its own: within a text line breaks are escaped. */
const DONE = /(?:^|\n)data: ?\[DONE\]/;
const DONE_LENGTH = '\ndata: [DONE]'.length;

/**
 * Bytes from one empty line to the next, which the client library holds, or of an answer that is no stream. An answer
 * of the most characters that are taken, all of them escaped and in one event, is smaller.
 */
export const MAX_EVENT_BYTES = 16 * 1024 * 1024;
const EMPTY_LINES = ['\n\n', '\r\r', '\n\r\n'];

/**
 * Listens to an answer's bytes. Servers that think for long send comments meanwhile (`: PROCESSING`): they are
 * not silent.
 * @param onBytes called for each piece that arrives
 * @param onEndless called when an event has no end, of which nothing more is passed on: the listener breaks it off
 */
export function listen(onBytes: () => void, onEndless: () => void): Listening {
  let tail = '';
  let done = false;
  let whole = false;
  const decoder = new TextDecoder('latin1');
  let held = 0;
  const hear = (piece: Uint8Array) => {
    onBytes();
    const text = tail + decoder.decode(piece);
    const end = Math.max(...EMPTY_LINES.map((line) => text.lastIndexOf(line)));
    held = end === -1 ? held + piece.length : text.length - end;
    done ||= DONE.test(text);
    tail = text.slice(-DONE_LENGTH);
  };
  return {
    async fetch(input, init) {
      const response = await fetch(input, init);
      whole = response.ok && /^application\/json\b/i.test(response.headers.get('content-type') ?? '');
      if (!response.body) return response;
      const heard = new TransformStream<Uint8Array, Uint8Array>({
        transform(piece, controller) {
          hear(piece);
          if (held <= MAX_EVENT_BYTES) controller.enqueue(piece);
          else onEndless();
        },
      });
      return new Response(response.body.pipeThrough(heard), response);
    },
    get done() {
      return done;
    },
    get whole() {
      return whole;
    },
  };
}
