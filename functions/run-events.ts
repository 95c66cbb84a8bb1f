import { ApiError, notFound } from '../shared/api/error.ts';
import { followRun } from '../shared/engine/follow-run.ts';
import { BEGINNING, parseEventId } from '../shared/events/event-id.ts';
import { streamHeaders } from '../shared/events/sse.ts';
import type { HandlersOf } from '../shared/http/call.ts';
import { eventPresenter } from '../shared/http/dialect.ts';
import { StreamReply } from '../shared/http/reply.ts';
import { serve } from '../shared/http/serve.ts';
import { type Services, services } from '../shared/services.ts';
import { missingIn } from '../shared/store/missing-in.ts';

export const handlers: HandlersOf<'run-events', Services> = {
  followRunEvents: async ({ project, params, query, request, signal, dialect }, all) => {
    const { thread_id: threadId, run_id: id } = params;
    const run = await all.stores.runs.get(project, threadId, id);
    if (!run) throw await missingIn(all.stores.threads, project, threadId, notFound('run', id));
    if (!(await all.events.exists(run))) {
      throw new ApiError(
        404,
        `No events are kept of run '${id}': it was not streamed, or its event log has expired.`,
      );
    }
    // A header that is no id of ours comes from another stream and is taken as none.
    const after = query.after ?? parseEventId(request.headers.get('last-event-id')) ?? BEGINNING;
    return new StreamReply(
      followRun(all, run, after, { signal, present: eventPresenter(dialect)(run) }),
      streamHeaders,
    );
  },
};

serve(handlers, services);
