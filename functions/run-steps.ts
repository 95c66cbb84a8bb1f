import { notFound } from '../shared/api/error.ts';
import { presentPage } from '../shared/api/page.ts';
import { presentRunStep } from '../shared/api/run-step.ts';
import { lookAfterRun } from '../shared/engine/look-after-run.ts';
import type { HandlersOf } from '../shared/http/call.ts';
import { serve } from '../shared/http/serve.ts';
import { type Services, services } from '../shared/services.ts';
import { missingIn } from '../shared/store/missing-in.ts';

export const handlers: HandlersOf<'run-steps', Services> = {
  listRunSteps: async ({ project, params: { thread_id: threadId, run_id: runId }, query }, all) => {
    const { stores } = all;
    const run = await stores.runs.get(project, threadId, runId);
    if (!run) throw await missingIn(stores.threads, project, threadId, notFound('run', runId));
    await lookAfterRun(all, run);
    return presentPage(await stores.runSteps.list(threadId, runId, query), (record) =>
      presentRunStep(record, query.include),
    );
  },

  getRunStep: async ({ project, params, query }, { stores }) => {
    const { thread_id: threadId, run_id: runId, step_id: id } = params;
    const record = await stores.runSteps.get(project, threadId, runId, id);
    if (!record) throw await missingIn(stores.threads, project, threadId, notFound('step', id));
    return presentRunStep(record, query.include);
  },
};

serve(handlers, services);
