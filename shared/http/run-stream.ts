import { streamHeaders } from '../events/sse.ts';
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
