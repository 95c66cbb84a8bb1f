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
 * Listens to an answer's bytes. Servers that think for long send comments meanwhile (`: PROCESSING`): they are
 * not silent.
 * @param onBytes called for each piece that arrives
 */
export function listen(onBytes: () => void): Listening {
  let tail = '';
  let done = false;
  let whole = false;
  const decoder = new TextDecoder('latin1');
  const hear = (piece: Uint8Array) => {
    onBytes();
    const text = tail + decoder.decode(piece);
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
          controller.enqueue(piece);
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
