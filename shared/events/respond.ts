import type { Feed } from './feed.ts';
import { done, KEEP_ALIVE_MS, keepAlive } from './sse.ts';

/**
 * The response of a streaming request: first what the engine reports in this process, at once; then, when the
 * reader fell behind or the run went on elsewhere, the log from there.
 * @param finished whether the stream had its last event from this process
 * @param follow the log after an event
 */
export async function* respond(
  feed: Feed,
  finished: () => boolean,
  follow: (after: number) => AsyncIterable<string>,
  first: readonly string[] = [],
): AsyncGenerator<string> {
  yield* first;
  let last = -1;
  for (;;) {
    for (const { number, text } of feed.take()) {
      yield text;
      last = number;
    }
    if (feed.behind) return yield* follow(last);
    if (feed.closed) {
      const rest = feed.take();
      for (const { number, text } of rest) {
        yield text;
        last = number;
      }
      if (!finished()) return yield* follow(last);
      yield done;
      return;
    }
    const before = Date.now();
    await feed.changed(KEEP_ALIVE_MS);
    if (Date.now() - before >= KEEP_ALIVE_MS) yield keepAlive;
  }
}
