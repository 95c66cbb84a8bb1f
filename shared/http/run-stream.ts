import type { RunRecord } from '../api/run.ts';
import type { Include } from '../api/run-step.ts';
import { type Present, streamHeaders, wantsIds } from '../events/sse.ts';
import { type Dialect, eventPresenter } from './dialect.ts';
import { StreamReply } from './reply.ts';

/** A run's events as an answer that can be given again. */
export const streamReply = ({
  threadId,
  runId,
  events,
}: {
  readonly threadId: string;
  readonly runId: string;
  readonly events: AsyncIterable<string>;
}): StreamReply => new StreamReply(events, streamHeaders, { run: { threadId, runId } });

/** How the caller of a request wants a run's events, and until when. */
export const streamOptions = ({
  signal,
  dialect,
  request,
  query,
}: {
  readonly query: { readonly include?: Include | undefined };
  readonly signal: AbortSignal;
  readonly dialect: Dialect;
  readonly request: { readonly headers: { get(name: string): string | null } };
}): StreamOptions => ({
  signal,
  presentFor: eventPresenter(dialect, query.include),
  ids: wantsIds(request.headers),
});

interface StreamOptions {
  readonly signal: AbortSignal;
  readonly presentFor: (run: RunRecord) => Present | undefined;
  readonly ids: boolean;
}
