import type OpenAI from 'openai';
import { z } from 'zod';

import type { ReasoningEffort } from './assistant.ts';
import { id, instructions, metadata, modelName } from './fields.ts';
import { onlyFields } from './known-fields.ts';
import { createMessage } from './message.ts';
import {
  reasoningEffort,
  responseFormat,
  temperature,
  tokenBudget,
  toolChoice,
  topP,
  truncationStrategy,
} from './model-options.ts';
import { createThread } from './thread.ts';
import { presentTools, TOOLS_PER_RUN_REQUEST, tool, toolResources } from './tool.ts';

/**
 * As the client's type has it, with the thread's resources beside: the hosted API answered them, though its document
 * does not name them (recorded in openai-php's and simple-openai's fixtures).
 */
export type Run = OpenAI.Beta.Threads.Run & {
  readonly tool_resources?: OpenAI.Beta.Thread.ToolResources | null;
};
export type RunStatus = Run['status'];

export interface RunRecord {
  readonly project: string;
  /** What the API shows. */
  readonly object: Run;
  /** What only the engine knows. */
  readonly work: RunWork;
}

export interface RunWork {
  /** Whether the run's events are written to its event log. */
  readonly stream: boolean;
  /** Of the request that began it, where that named itself by an idempotency key. */
  readonly mark?: string;
  /** The step with whose outputs the log begins, for a run that was not streamed from its start. */
  readonly streamSince?: string;
  /** Whether the last message was saved ahead of the tool calls of its answer, which are not saved yet. */
  readonly halfTurn?: boolean;
  readonly reasoningEffort: ReasoningEffort | null;
  /** Files of assistant and thread for the code interpreter, as they were when the run began. */
  readonly codeInterpreterFileIds: readonly string[];
  /** The assistant's vector stores, as they were when the run began; the thread's may change with its messages. */
  readonly vectorStoreIds?: readonly string[];
  /** Whether earlier runs of the thread have tool steps that belong into the prompt. */
  readonly threadHasToolSteps: boolean;
  /** Messages in the thread when the run began, its own additional ones included. */
  readonly messageCount: number;
  readonly lastMessageKey: string;
  /**
   * Who works on the run (unique per invocation), and until when (Unix milliseconds) without renewal; where
   * nobody does, by when its watchdog looks.
   */
  readonly leaseOwner: string;
  readonly leaseUntil: number;
  /** The waiting message that would wake the run if its worker died. */
  readonly watchdog: QueueReceipt | null;
  /** Sum over the model calls so far. */
  readonly usage: RunUsage;
  /** Model calls answered and saved so far: a forced tool choice applies to the first only. */
  readonly modelCalls: number;
  /** Times the run was taken up since something of it was saved; ends a run that kills every worker. */
  readonly attempts: number;
}

export interface RunUsage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
}

export interface QueueReceipt {
  readonly messageId: string;
  readonly popReceipt: string;
}

/** What both ways of starting a run accept. Absent or null: as the assistant has it. */
const runFields = {
  assistant_id: id(),
  model: modelName().nullable().optional(),
  instructions: instructions().nullable().optional(),
  tools: z.array(tool).max(TOOLS_PER_RUN_REQUEST).nullable().optional(),
  metadata: metadata(),
  temperature: temperature(),
  top_p: topP(),
  stream: z.boolean().nullable().optional(),
  max_prompt_tokens: tokenBudget(),
  max_completion_tokens: tokenBudget(),
  truncation_strategy: truncationStrategy(),
  tool_choice: toolChoice(),
  parallel_tool_calls: z.boolean().optional(),
  response_format: responseFormat(),
  reasoning_effort: reasoningEffort(),
};

/**
 * Messages that come with a run: they are stored with it in one transaction, which holds 100 rows at two for
 * each message.
 */
const MESSAGES_PER_RUN = 48;

export const createRun = z.strictObject({
  ...runFields,
  additional_instructions: instructions().nullable().optional(),
  additional_messages: z.array(createMessage).max(MESSAGES_PER_RUN).nullable().optional(),
});
export type CreateRun = z.output<typeof createRun>;

export const createThreadAndRun = z.strictObject({
  ...runFields,
  thread: createThread.optional(),
  tool_resources: toolResources(),
});
export type CreateThreadAndRun = z.output<typeof createThreadAndRun>;

export const modifyRun = z.strictObject({ metadata: metadata() });

/** A string. Some clients type it as anything (go-openai: `any`): what else they send is told to the model as JSON. */
const toolOutput = z
  .union([z.string(), z.number(), z.boolean(), z.array(z.unknown()), z.record(z.string(), z.unknown())])
  .transform((output) => (typeof output === 'string' ? output : JSON.stringify(output)))
  .nullable()
  .optional();

export const submitToolOutputs = z.strictObject({
  tool_outputs: z.array(z.strictObject({ tool_call_id: id(), output: toolOutput })),
  stream: z.boolean().nullable().optional(),
});
export type SubmitToolOutputs = z.output<typeof submitToolOutputs>;

/** Id of the last event that the client has seen; the header `last-event-id` says the same. */
export const followRunEventsQuery = z.strictObject({
  after: z
    .string()
    .regex(/^\d{1,16}$/)
    .transform(Number)
    .optional(),
});

const shown = onlyFields<Run>({
  id: true,
  object: true,
  created_at: true,
  thread_id: true,
  assistant_id: true,
  status: true,
  required_action: true,
  last_error: true,
  expires_at: true,
  started_at: true,
  cancelled_at: true,
  failed_at: true,
  completed_at: true,
  incomplete_details: true,
  model: true,
  instructions: true,
  tools: true,
  tool_resources: true,
  metadata: true,
  temperature: true,
  top_p: true,
  max_prompt_tokens: true,
  max_completion_tokens: true,
  truncation_strategy: true,
  response_format: true,
  tool_choice: true,
  parallel_tool_calls: true,
  usage: true,
});

/** What callers see: the API's defaults where the caller left the choice open. */
export const presentRun = ({ object }: Pick<RunRecord, 'object'>) =>
  ({
    ...shown(object),
    tools: presentTools(object.tools),
    tool_resources: object.tool_resources ?? {},
    temperature: object.temperature ?? 1,
    top_p: object.top_p ?? 1,
  }) satisfies Run;
