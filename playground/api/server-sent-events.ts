/** One event as it stands on the wire. A comment has neither name nor data: it says that the connection lives. */
export interface WireEvent {
  readonly id?: string;
  readonly event?: string;
  readonly data?: string;
}

/**
 * Reads `text/event-stream`, comments included.
 * https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export async function* readServerSentEvents(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<WireEvent, void, undefined> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  let fields: { id?: string; event?: string; data?: string } = {};
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return; // What has no empty line behind it was cut off: it is no event.
      const lines = (rest + decoder.decode(value, { stream: true })).split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (line === '') {
          if (fields.data !== undefined) yield fields;
          fields = {};
        } else if (line.startsWith(':')) {
          yield {};
        } else {
          take(fields, line);
        }
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined); // It is over either way.
  }
}

function take(fields: { id?: string; event?: string; data?: string }, line: string): void {
  const colon = line.indexOf(':');
  const name = colon < 0 ? line : line.slice(0, colon);
  const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
  if (name === 'data') fields.data = fields.data === undefined ? value : `${fields.data}\n${value}`;
  else if (name === 'id' || name === 'event') fields[name] = value;
}
