import type { Run, RunRecord } from '../api/run.ts';
import { MAX_STEPS, type RunStepRecord, type ToolCall } from '../api/run-step.ts';
import { isTerminal, type TerminalStatus } from './run-state.ts';
import { isOpen, toolCallsOf } from './steps.ts';

export type CodeCall = Extract<ToolCall, { type: 'code_interpreter' }>;
export type FileSearchCall = Extract<ToolCall, { type: 'file_search' }>;
export type FunctionCall = Extract<ToolCall, { type: 'function' }>;

export type RunEnd = {
  readonly status: TerminalStatus;
  readonly lastError?: NonNullable<Run['last_error']>;
  readonly incompleteReason?: 'max_completion_tokens' | 'max_prompt_tokens' | 'content_filter';
};

export type NextStep =
  | { readonly type: 'call-model' }
  | { readonly type: 'run-code'; readonly step: RunStepRecord; readonly call: CodeCall }
  | { readonly type: 'search-files'; readonly step: RunStepRecord; readonly call: FileSearchCall }
  | { readonly type: 'complete-step'; readonly step: RunStepRecord }
  | { readonly type: 'refuse-calls'; readonly step: RunStepRecord; readonly calls: readonly FunctionCall[] }
  | { readonly type: 'wait-for-outputs'; readonly calls: readonly FunctionCall[] }
  | { readonly type: 'finish'; readonly end: RunEnd }
  | { readonly type: 'leave' };

/** What a run and its saved steps ask for next. Pure: the same snapshot gives the same answer on every worker. */
export function decide(run: RunRecord, steps: readonly RunStepRecord[], nowSeconds: number): NextStep {
  const { status, expires_at } = run.object;
  if (isTerminal(status)) return { type: 'leave' };
  if (status === 'cancelling') return { type: 'finish', end: { status: 'cancelled' } };
  if (expires_at !== null && nowSeconds >= expires_at) return { type: 'finish', end: { status: 'expired' } };
  const openStep = steps.find((step) => isOpen(step) && step.object.type === 'tool_calls');
  if (openStep) return decideOnCalls(run, openStep);
  return overBudget(run) ?? overLimit(steps) ?? { type: 'call-model' };
}

function decideOnCalls(run: RunRecord, step: RunStepRecord): NextStep {
  const waiting = toolCallsOf(step).filter((call) => step.results[call.id] === undefined);
  const code = waiting.find((call) => call.type === 'code_interpreter');
  if (code) return { type: 'run-code', step, call: code };
  const search = waiting.find((call) => call.type === 'file_search');
  if (search) return { type: 'search-files', step, call: search };
  const calls = waiting.filter((call) => call.type === 'function');
  const unknown = calls.filter((call) => !isOffered(run, call));
  if (unknown.length > 0) return { type: 'refuse-calls', step, calls: unknown };
  if (calls.length > 0) return { type: 'wait-for-outputs', calls };
  return { type: 'complete-step', step };
}

/** Whether the run has the function that the model calls; models invent some now and then. */
export const isOffered = (
  { object }: Pick<RunRecord, 'object'>,
  { function: { name } }: FunctionCall,
): boolean => object.tools.some((tool) => tool.type === 'function' && tool.function.name === name);

/** A model that calls tools for ever is stopped here, if not by the run's time. */
function overLimit(steps: readonly RunStepRecord[]): NextStep | undefined {
  if (steps.length < MAX_STEPS) return undefined;
  const message = `The run was stopped after ${MAX_STEPS} steps.`;
  return { type: 'finish', end: { status: 'failed', lastError: { code: 'server_error', message } } };
}

/** Both budgets count over the whole run; a run that still wants the model beyond one is incomplete. */
function overBudget({ object, work }: RunRecord): NextStep | undefined {
  const { max_completion_tokens, max_prompt_tokens } = object;
  if (max_completion_tokens !== null && work.usage.completion_tokens >= max_completion_tokens) {
    return { type: 'finish', end: { status: 'incomplete', incompleteReason: 'max_completion_tokens' } };
  }
  if (max_prompt_tokens !== null && work.usage.prompt_tokens >= max_prompt_tokens) {
    return { type: 'finish', end: { status: 'incomplete', incompleteReason: 'max_prompt_tokens' } };
  }
  return undefined;
}
