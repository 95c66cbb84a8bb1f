import type OpenAI from 'openai';
import { z } from 'zod';
import { onlyFields } from './known-fields.ts';

import { listQuery } from './page.ts';

/**
 * The hosted API's steps had `expires_at`, the run's, at every stage, which its document does not name
 * (openai-php reads it unguarded; recorded in its ThreadRunStreamResponse.txt). Steps from before that lack it.
 */
export type RunStep = OpenAI.Beta.Threads.Runs.RunStep & { readonly expires_at?: number | null };
export type ToolCall = OpenAI.Beta.Threads.Runs.ToolCall;

/** Steps a run may have; a guard against a model that calls tools for ever. */
export const MAX_STEPS = 1000;

export interface RunStepRecord {
  readonly project: string;
  readonly object: RunStep;
  /** The outcome of each call so far, by call id: the checkpoint that keeps a call from running twice. */
  readonly results: Readonly<Record<string, ToolResult>>;
  /** What the file searches of this step ask, and their numbers in what the model reads; by call id. */
  readonly searches?: Readonly<Record<string, FileSearch>>;
  /** A message that the model wrote after calls of the same turn: it stands behind them and before what they gave. */
  readonly late?: boolean;
}

export interface FileSearch {
  readonly queries: readonly string[];
  /** Absent until it has results. Markers name it: `【4:0†name.md】`. */
  readonly number?: number;
}

/** What the model is told about a finished call. Empty for a file search, whose results stand in the step. Absent: the call has not finished. */
export interface ToolResult {
  readonly text: string;
}

/** Parts of a step that are left out unless they are asked for. */
const SEARCH_CONTENT = 'step_details.tool_calls[*].file_search.results[*].content';
export const includeQuery = z.strictObject({ include: z.array(z.enum([SEARCH_CONTENT])).optional() });
export type Include = z.output<typeof includeQuery>['include'];

const shown = onlyFields<RunStep>({
  id: true,
  object: true,
  created_at: true,
  thread_id: true,
  assistant_id: true,
  run_id: true,
  type: true,
  status: true,
  step_details: true,
  last_error: true,
  expired_at: true,
  cancelled_at: true,
  failed_at: true,
  completed_at: true,
  metadata: true,
  usage: true,
  expires_at: true,
});

/** Tokens are known before the step is complete, and shown when it is. */
export const presentRunStep = ({ object }: Pick<RunStepRecord, 'object'>, include?: Include): RunStep => ({
  ...shownStep(shown(object), include),
  expires_at: object.expires_at ?? null,
  usage: object.status === 'in_progress' ? null : object.usage,
});

/** The passages that a file search found are shown to those who ask for them. */
export function shownStep(step: RunStep, include: Include): RunStep {
  const { step_details: details } = step;
  if (details.type !== 'tool_calls' || include?.includes(SEARCH_CONTENT)) return step;
  if (!details.tool_calls.some(({ type }) => type === 'file_search')) return step;
  return { ...step, step_details: { ...details, tool_calls: details.tool_calls.map(withoutContent) } };
}

function withoutContent(call: ToolCall): ToolCall {
  if (call.type !== 'file_search' || !call.file_search.results) return call;
  const results = call.file_search.results.map(({ content: _, ...result }) => result);
  return { ...call, file_search: { ...call.file_search, results } };
}

export const listRunStepsQuery = listQuery.extend(includeQuery.shape);
