import { SECOND } from '../clock.ts';
import type { NumberedEvent } from '../run/run-event.ts';

/** A connection without a byte for 230 s is ended by Azure's load balancer: a comment now and then holds it. */
export const KEEP_ALIVE_MS = 15 * SECOND;
/** Without an empty line: some clients (openai for Python) take one for the end of an event that has no data. */
export const keepAlive = ': keep-alive\n';
export const done = 'event: done\ndata: [DONE]\n\n';

/** Puts an object into the words of the API's version that the caller speaks. */
export type Present = (object: object) => object;

/** Where text has a line's end, too, and JSON leaves it as it is. */
const OTHER_LINE_ENDS = /[\u0085\u2028\u2029]/g;

/**
 * On one line for every reader: many end lines as text does (Python's `splitlines` and with it early official
 * clients, Node's `readline`), and would cut a JSON string there.
 */
const dataOf = (object: object): string =>
  JSON.stringify(object).replace(
    OTHER_LINE_ENDS,
    (end) => `\\u${end.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** @param ids the hosted API sent none, and some clients can read nothing else (see {@link wantsIds}) */
export const encodeEvent = (
  { id, event }: NumberedEvent,
  present: Present = (data) => data,
  ids = true,
): string => `${ids ? `id: ${id}\n` : ''}event: ${event.event}\ndata: ${dataOf(present(event.data))}\n\n`;

/**
 * Whether the stream of a run that begins with this request gives its events ids. Clients in the field took the
 * hosted API's two lines an event literally: Azure's for Java reads the first as `event:` and the second as
 * `data:`, whatever they are. Whoever means to resume asks for ids, or reads the run's events from their beginning.
 */
export const wantsIds = (headers: { get(name: string): string | null }): boolean =>
  headers.get('x-event-ids') === 'true';

/** The thread that a run was created with comes before the run's own events, and has no id among them. */
export const encodeCreatedThread = (thread: object, present: Present = (data) => data): string =>
  `event: thread.created\ndata: ${dataOf(present(thread))}\n\n`;

/**
 * Ends a stream that cannot go on here, in both forms in which official clients throw it: Node's looks at the data
 * itself, Python's for a field `error`. It has no id: who resumes does so after the last event before it.
 */
export function encodeError(message: string): string {
  const error = { code: null, message, param: null, type: 'server_error' };
  return `event: error\ndata: ${JSON.stringify({ ...error, error })}\n\n`;
}

/** Nothing between here and the client may hold events back or change them. */
export const streamHeaders: Record<string, string> = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
};
