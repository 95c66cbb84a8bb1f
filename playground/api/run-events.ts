import type OpenAI from 'openai';

import { readServerSentEvents, type WireEvent } from './server-sent-events.ts';

export type AssistantEvent = OpenAI.Beta.Assistants.AssistantStreamEvent;

/** An event of a run, with the id from which its stream can be taken up again. */
export interface RunEvent {
  readonly id: string | undefined;
  readonly event: AssistantEvent;
  /** When it arrived, by `performance.now()`. */
  readonly at: number;
}

export interface RunAddress {
  readonly threadId: string;
  readonly runId: string;
}

export interface RunEventsOptions {
  /** The request that starts the run, or goes on with it. */
  readonly open: () => Promise<Response>;
  /** What came after the event with this id; everything, without one. */
  readonly follow: (run: RunAddress, after: string | undefined) => Promise<Response>;
  /** The run, where it is known before its first event. */
  readonly run?: RunAddress;
  /** Told when the connection breaks, with the number of the attempt to mend it, and when it is mended (0). */
  readonly onBroken?: (attempt: number) => void;
  readonly signal: AbortSignal;
  /** Resolves when it is time for the next attempt. */
  readonly pause?: (attempt: number, signal: AbortSignal) => Promise<void>;
  /** A connection that brings not even a comment for so long is a dead one: they come each 15 s. */
  readonly silenceMs?: number;
}

/** The stream broke before it said which run it is: whether there is one has to be looked up. */
export class RunUnknown extends Error {}

const SILENCE_MS = 40_000;
const ATTEMPTS = 40;
const OVER = /^thread\.run\.(completed|failed|incomplete|cancelled|expired|requires_action)$/;

/**
 * The events of a run, each exactly once, however often the connection breaks: it is taken up after the last id.
 * Ends with the run, or where it waits for the outputs of functions.
 * @throws what `open` throws; {@link RunUnknown}; what `follow` throws when it is refused, not merely broken
 */
export async function* runEvents(options: RunEventsOptions): AsyncGenerator<RunEvent, void, undefined> {
  const { open, follow, onBroken, signal, pause = waitLonger, silenceMs = SILENCE_MS } = options;
  let run = options.run;
  let last: string | undefined;
  let attempt = 0;
  let response: Response | undefined = await open();
  for (;;) {
    if (response?.body) {
      for await (const wire of untilBroken(response.body, silenceMs, signal)) {
        if (attempt > 0) onBroken?.(0);
        attempt = 0;
        if (wire.event === 'done') return;
        if (wire.event === undefined || wire.event === 'error') continue; // The latter ends the stream, not the run.
        const event = { event: wire.event, data: JSON.parse(wire.data ?? 'null') } as AssistantEvent;
        last = wire.id ?? last;
        if (event.event === 'thread.run.created') run = addressOf(event.data);
        yield { id: wire.id, event, at: performance.now() };
        if (OVER.test(event.event)) return;
      }
    }
    if (signal.aborted) return;
    if (!run) throw new RunUnknown('The connection broke before the run was known.');
    response = undefined;
    while (!response) {
      attempt += 1;
      onBroken?.(attempt);
      await pause(attempt, signal);
      if (signal.aborted) return;
      response = await follow(run, last).catch((error: unknown) => {
        if (isRefusal(error) || attempt >= ATTEMPTS) throw error;
        return undefined;
      });
    }
  }
}

const addressOf = (run: OpenAI.Beta.Threads.Run): RunAddress => ({ threadId: run.thread_id, runId: run.id });

/** The server answered, and will answer the same again. */
function isRefusal(error: unknown): boolean {
  const status = (error as { status?: number }).status;
  return status !== undefined && status >= 400 && status < 500 && status !== 408 && status !== 429;
}

/** What a connection brings; its end, its failure and its silence are all the same: it brings no more. */
async function* untilBroken(
  body: ReadableStream<Uint8Array>,
  silenceMs: number,
  signal: AbortSignal,
): AsyncGenerator<WireEvent, void, undefined> {
  const events = readServerSentEvents(body);
  const left = Promise.withResolvers<'left'>();
  const leave = () => left.resolve('left');
  signal.addEventListener('abort', leave, { once: true });
  try {
    for (;;) {
      const silence = Promise.withResolvers<'silence'>();
      const timer = setTimeout(() => silence.resolve('silence'), silenceMs);
      const next = events.next().catch(() => 'broken' as const);
      const got = await Promise.race([next, silence.promise, left.promise]);
      clearTimeout(timer);
      if (typeof got === 'string' || got.done) return;
      yield got.value;
    }
  } finally {
    signal.removeEventListener('abort', leave);
    // A read that hangs would hold a return of the generator: the stream itself is given up.
    void events.return(undefined);
  }
}

/** Tests run where there is none. */
const browser = globalThis as Partial<Pick<EventTarget, 'addEventListener' | 'removeEventListener'>>;

/** Longer each time, up to 5 s; at once when the machine is online again. */
async function waitLonger(attempt: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, Math.min(250 * 2 ** (attempt - 1), 5_000));
  const go = () => resolve();
  browser.addEventListener?.('online', go);
  signal.addEventListener('abort', go, { once: true });
  await promise;
  clearTimeout(timer);
  browser.removeEventListener?.('online', go);
  signal.removeEventListener('abort', go);
}
