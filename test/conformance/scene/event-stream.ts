/** One event of a stream as it was sent. */
export interface SentEvent {
  readonly event: string;
  readonly id: string | undefined;
  /** As text; `[DONE]` at the end. */
  readonly data: string;
}

/** Splits a stream into its events. Comments are left out. */
export async function* sentEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<SentEvent> {
  let rest = '';
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    const blocks = (rest + text).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const event = parse(block);
      if (event) yield event;
    }
  }
  if (rest.trim() !== '') throw new Error(`the stream ended inside of an event: ${rest.slice(0, 100)}`);
}

/** The events of a stream that has been read. */
export async function eventsOf(text: string): Promise<SentEvent[]> {
  const events: SentEvent[] = [];
  for await (const event of sentEvents(new Blob([text]).stream() as ReadableStream<Uint8Array>)) {
    events.push(event);
  }
  return events;
}

function parse(block: string): SentEvent | undefined {
  const fields = new Map<string, string>();
  for (const line of block.split('\n')) {
    const [, name = '', value = ''] = /^(\w+): (.*)$/.exec(line) ?? [];
    if (name !== '') fields.set(name, value);
  }
  const [event, data] = [fields.get('event'), fields.get('data')];
  return event === undefined || data === undefined ? undefined : { event, id: fields.get('id'), data };
}
