import type OpenAI from 'openai';
import { z } from 'zod';

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
  /** A message that the model wrote after calls of the same turn: it stands behind them and before what they gave. */
  readonly late?: boolean;
}

/** What the model is told about a finished call. Absent: the call has not finished. */
export interface ToolResult {
  readonly text: string;
}

/** Tokens are known before the step is complete, and shown when it is. */
export const presentRunStep = ({ object }: Pick<RunStepRecord, 'object'>): RunStep => ({
  ...object,
  expires_at: object.expires_at ?? null,
  usage: object.status === 'in_progress' ? null : object.usage,
});

/** Parts of a step that are left out unless they are asked for. */
export const includeQuery = z.strictObject({
  include: z.array(z.enum(['step_details.tool_calls[*].file_search.results[*].content'])).optional(),
});

export const listRunStepsQuery = listQuery.extend(includeQuery.shape);
