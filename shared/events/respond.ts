import { errorFields, type Log } from '../log.ts';
import type { Feed } from './feed.ts';
import { done, encodeError, KEEP_ALIVE_MS, keepAlive } from './sse.ts';

export interface ResponseOptions {
  readonly feed: Feed;
  /** Sent before the run's events. */
  readonly first: readonly string[];
  /** Whether the stream had its last event from this process. */
  readonly finished: () => boolean;
  /** The log after an event. */
  readonly follow: (after: number) => AsyncIterable<string>;
  /** Resolves when this process has done its part of the run. Never rejects. */
  readonly worked: Promise<void>;
  /** Aborted when the client left. */
  readonly signal: AbortSignal;
  readonly log: Log;
  readonly keepAliveMs?: number;
}

/**
 * The response of a streaming request: first what the engine reports in this process, at once; then, when the
 * reader fell behind or the run goes on elsewhere, the log from there. Never throws.
 *
 * It returns only when the run needs this process no more, though the client may have left: an invocation that
 * has returned is nothing for which a platform would keep the process alive.
 */
export async function* respond(options: ResponseOptions): AsyncGenerator<string> {
  const { feed, finished, worked, signal, log } = options;
  const abandon = () => feed.abandon();
  signal.addEventListener('abort', abandon, { once: true });
  try {
    yield* events(options);
  } catch (error) {
    if (signal.aborted) return;
    log.error('a stream broke off', errorFields(error));
    yield encodeError(BROKEN);
  } finally {
    signal.removeEventListener('abort', abandon);
    feed.abandon();
    if (!finished()) await worked;
  }
}

/** What is said when the run's events cannot be told any further here. The run itself is not lost. */
export const BROKEN =
  'The stream of this run broke off. The run goes on: read its remaining events with GET …/threads/{thread_id}/runs/{run_id}/events and the header Last-Event-ID, or retrieve the run.';

async function* events(options: ResponseOptions): AsyncGenerator<string> {
  const { feed, first, finished, follow, signal, keepAliveMs = KEEP_ALIVE_MS } = options;
  yield* first;
  let sentAt = Date.now();
  while (!signal.aborted) {
    const text = feed.take();
    if (text !== '') {
      sentAt = Date.now();
      yield text;
    } else if (feed.state === 'behind' || (feed.state === 'closed' && !finished())) {
      return yield* follow(feed.takenId);
    } else if (finished()) {
      return yield done;
    } else {
      await feed.changed(sentAt + keepAliveMs - Date.now());
      if (Date.now() - sentAt < keepAliveMs) continue;
      sentAt = Date.now();
      yield keepAlive;
    }
  }
}
