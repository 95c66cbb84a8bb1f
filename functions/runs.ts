import { notFound } from '../shared/api/error.ts';
import { changedMetadata } from '../shared/api/fields.ts';
import { presentPage } from '../shared/api/page.ts';
import { cancelRun } from '../shared/engine/cancel-run.ts';
import { earlierRun } from '../shared/engine/earlier-run.ts';
import { lookAfterRun } from '../shared/engine/look-after-run.ts';
import { startRun } from '../shared/engine/start-run.ts';
import { streamAgain, streamNewRun, streamSubmittedOutputs } from '../shared/engine/stream-run.ts';
import { submitOutputs } from '../shared/engine/submit-outputs.ts';
import { streamHeaders } from '../shared/events/sse.ts';
import type { HandlersOf } from '../shared/http/call.ts';
import { runPresenter } from '../shared/http/dialect.ts';
import { pollAfter } from '../shared/http/poll-after.ts';
import {
  filesOfMessages,
  requireAssistant,
  requireFiles,
  requireToolChoice,
} from '../shared/http/references.ts';
import { JsonReply, StreamReply } from '../shared/http/reply.ts';
import { streamOptions, streamReply } from '../shared/http/run-stream.ts';
import { serve } from '../shared/http/serve.ts';
import { attachForSearch } from '../shared/indexing/thread-store.ts';
import { isTerminal } from '../shared/run/run-state.ts';
import { type Services, services } from '../shared/services.ts';
import { missingIn } from '../shared/store/missing-in.ts';

export const handlers: HandlersOf<'runs' | 'run-cancel' | 'run-tool-outputs', Services> = {
  listRuns: async ({ project, params: { thread_id: threadId }, query, dialect }, { stores }) => {
    if (!(await stores.threads.get(project, threadId))) throw notFound('thread', threadId);
    return presentPage(await stores.runs.list(threadId, query), runPresenter(dialect));
  },

  createRun: async (call, all) => {
    const { project, params, body, dialect, once } = call;
    const threadId = params.thread_id;
    const options = streamOptions(call);
    const earlier = await earlierRun(all.stores, project, threadId, once);
    if (earlier)
      return body.stream ? streamReply(streamAgain(all, earlier, options)) : runPresenter(dialect)(earlier);
    const messages = filesOfMessages(body.additional_messages ?? [], 'additional_messages');
    const [assistant] = await Promise.all([
      requireAssistant(all.stores.assistants, project, body.assistant_id),
      requireFiles(all.stores.files, project, messages),
    ]);
    requireToolChoice(assistant, body);
    const storeId = await attachForSearch(all, project, threadId, body.additional_messages ?? []);
    const start = {
      project,
      threadId,
      assistant,
      request: body,
      storeId,
      wordless: dialect === 'v1',
      mark: once?.mark,
    };
    if (body.stream) return streamReply(await streamNewRun(all, start, options));
    const { queued } = await startRun(all, start);
    return runPresenter(dialect)(queued);
  },

  getRun: async ({ project, params: { thread_id: threadId, run_id: id }, request, dialect }, all) => {
    const { stores, clock } = all;
    const found = await stores.runs.get(project, threadId, id);
    if (!found) throw await missingIn(stores.threads, project, threadId, notFound('run', id));
    const run = runPresenter(dialect)(await lookAfterRun(all, found));
    return isTerminal(run.status)
      ? run
      : new JsonReply(run, pollAfter(run.created_at, clock.now(), request.headers));
  },

  modifyRun: async ({ project, params: { thread_id: threadId, run_id: id }, body, dialect }, { stores }) => {
    const changed = await stores.runs.updateMetadata(project, threadId, id, (record) => ({
      ...record,
      object: {
        ...record.object,
        metadata: changedMetadata(record.object.metadata, body.metadata),
      },
    }));
    if (!changed) throw await missingIn(stores.threads, project, threadId, notFound('run', id));
    return runPresenter(dialect)(changed);
  },

  cancelRun: async ({ project, params: { thread_id: threadId, run_id: runId }, dialect }, all) =>
    runPresenter(dialect)(await cancelRun(all, { project, threadId, runId })),

  submitToolOutputs: async (call, all) => {
    const { project, params, body, dialect } = call;
    const submit = { project, threadId: params.thread_id, runId: params.run_id, outputs: body.tool_outputs };
    if (!body.stream) return runPresenter(dialect)((await submitOutputs(all, submit)).queued);
    return new StreamReply(await streamSubmittedOutputs(all, submit, streamOptions(call)), streamHeaders);
  },
};

serve(handlers, services);
