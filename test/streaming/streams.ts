import type OpenAI from 'openai';

/** One message of an event stream, as it came over the wire. */
export interface WireEvent {
  readonly id: string | undefined;
  readonly event: string;
  /** Parsed, except of `done`. */
  readonly data: unknown;
}

export type Streamed = OpenAI.Beta.AssistantStreamEvent;

/** Reads an event stream message by message; comments are left out. */
export async function* readEvents(body: ReadableStream<Uint8Array> | null): AsyncGenerator<WireEvent> {
  if (!body) throw new Error('the response has no body');
  let text = '';
  for await (const piece of body.pipeThrough(new TextDecoderStream() as never) as AsyncIterable<string>) {
    text += piece;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const event = parse(text.slice(0, end));
      text = text.slice(end + 2);
      if (event) yield event;
    }
  }
}

function parse(message: string): WireEvent | undefined {
  const fields = new Map(
    message
      .split('\n')
      .filter((line) => !line.startsWith(':'))
      .map((line) => {
        const colon = line.indexOf(': ');
        return [line.slice(0, colon), line.slice(colon + 2)] as const;
      }),
  );
  const event = fields.get('event');
  if (event === undefined) return undefined;
  const data = fields.get('data') ?? '';
  return { id: fields.get('id'), event, data: data === '[DONE]' ? data : JSON.parse(data) };
}

export async function collect<T>(events: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const event of events) all.push(event);
  return all;
}

/** Names of events without `thread.`; how often it came behind those that came several times in a row. */
export function namesOf(events: readonly { readonly event: string }[]): string[] {
  const names: { name: string; times: number }[] = [];
  for (const { event } of events) {
    const name = event.replace(/^thread\./, '');
    const last = names.at(-1);
    if (last?.name === name) last.times += 1;
    else names.push({ name, times: 1 });
  }
  return names.map(({ name, times }) => (times === 1 ? name : `${name} ×${times}`));
}

/** The events of a run from its creation to its first step. */
export const BEGIN = ['run.created', 'run.queued', 'run.in_progress'];
export const STEP_BEGINS = ['run.step.created', 'run.step.in_progress'];
export const MESSAGE_BEGINS = [...STEP_BEGINS, 'message.created', 'message.in_progress'];
export const MESSAGE_ENDS = ['message.completed', 'run.step.completed'];
/** A message of so many pieces, from its step's beginning to its end. */
export const messageOf = (pieces: number) => [
  ...MESSAGE_BEGINS,
  pieces === 1 ? 'message.delta' : `message.delta ×${pieces}`,
  ...MESSAGE_ENDS,
];
/** What the outputs of a step's functions set going. */
export const GOES_ON = ['run.step.completed', 'run.queued', 'run.in_progress'];
