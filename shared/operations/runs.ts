import { LONG_DOCUMENT_BODY, LONG_TEXTS_BODY } from '../api/body-limits.ts';
import { listQuery } from '../api/page.ts';
import { createRun, followRunEventsQuery, modifyRun, submitToolOutputs } from '../api/run.ts';
import { runObject, runStepObject } from '../api/run-answers.ts';
import { includeQuery, listRunStepsQuery } from '../api/run-step.ts';
import type { Operation } from './operation.ts';

export const runOperations = {
  listRuns: {
    servedBy: 'runs',
    method: 'GET',
    path: '/threads/{thread_id}/runs',
    summary: 'Lists the runs of a thread',
    query: listQuery,
    answer: { list: runObject },
  },
  createRun: {
    servedBy: 'runs',
    method: 'POST',
    creates: true,
    path: '/threads/{thread_id}/runs',
    summary: 'Runs a thread',
    body: createRun,
    bodyLimits: LONG_TEXTS_BODY,
    query: includeQuery,
    answer: { one: runObject },
  },
  getRun: {
    servedBy: 'runs',
    method: 'GET',
    path: '/threads/{thread_id}/runs/{run_id}',
    summary: 'Retrieves a run',
    answer: { one: runObject },
  },
  modifyRun: {
    servedBy: 'runs',
    method: 'POST',
    path: '/threads/{thread_id}/runs/{run_id}',
    summary: "Changes a run's metadata",
    body: modifyRun,
    answer: { one: runObject },
  },
  followRunEvents: {
    servedBy: 'run-events',
    method: 'GET',
    path: '/threads/{thread_id}/runs/{run_id}/events',
    summary: 'Follows the events of a streamed run from any point (not part of the hosted API)',
    query: followRunEventsQuery,
    answer: { bytes: 'text/event-stream' },
  },
  cancelRun: {
    servedBy: 'run-cancel',
    method: 'POST',
    path: '/threads/{thread_id}/runs/{run_id}/cancel',
    summary: 'Cancels a run',
    answer: { one: runObject },
  },
  submitToolOutputs: {
    servedBy: 'run-tool-outputs',
    method: 'POST',
    path: '/threads/{thread_id}/runs/{run_id}/submit_tool_outputs',
    summary: 'Hands in the outputs of all function calls a run waits for',
    body: submitToolOutputs,
    bodyLimits: LONG_DOCUMENT_BODY,
    answer: { one: runObject },
  },
  listRunSteps: {
    servedBy: 'run-steps',
    method: 'GET',
    path: '/threads/{thread_id}/runs/{run_id}/steps',
    summary: 'Lists the steps of a run',
    query: listRunStepsQuery,
    answer: { list: runStepObject },
  },
  getRunStep: {
    servedBy: 'run-steps',
    method: 'GET',
    path: '/threads/{thread_id}/runs/{run_id}/steps/{step_id}',
    summary: 'Retrieves a step of a run',
    query: includeQuery,
    answer: { one: runStepObject },
  },
} as const satisfies Record<string, Operation>;
