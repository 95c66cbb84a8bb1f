import { SECOND } from '../clock.ts';
import type { NumberedEvent } from './run-event.ts';

/** A connection without a byte for 230 s is ended by Azure's load balancer: a comment now and then holds it. */
export const KEEP_ALIVE_MS = 15 * SECOND;
export const keepAlive = ': keep-alive\n\n';
export const done = 'event: done\ndata: [DONE]\n\n';

/** Puts an object into the words of the API's version that the caller speaks. */
export type Present = (object: object) => object;

export const encodeEvent = ({ id, event }: NumberedEvent, present: Present = (data) => data): string =>
  `id: ${id}\nevent: ${event.event}\ndata: ${JSON.stringify(present(event.data))}\n\n`;

/** The thread that a run was created with comes before the run's own events, and has no id among them. */
export const encodeCreatedThread = (thread: object, present: Present = (data) => data): string =>
  `event: thread.created\ndata: ${JSON.stringify(present(thread))}\n\n`;

/**
 * Ends a stream that cannot go on here, in the form in which the official clients throw it. It has no id: who
 * resumes does so after the last event before it.
 */
export const encodeError = (message: string): string =>
  `event: error\ndata: ${JSON.stringify({ code: null, message, param: null, type: 'server_error' })}\n\n`;

/** Nothing between here and the client may hold events back or change them. */
export const streamHeaders: Record<string, string> = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
};
