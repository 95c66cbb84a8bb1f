import { z } from 'zod';

import { fileReference, format, metadata, resources, time, timeOrNull } from './answers.ts';
import { toolChoice } from './model-options.ts';
import type { Run } from './run.ts';
import type { RunStep } from './run-step.ts';
import { tool } from './tool.ts';

/** Runs and their steps as schemas, for the OpenAPI document; see `answers.ts`. */
const usage = z
  .object({ prompt_tokens: z.int(), completion_tokens: z.int(), total_tokens: z.int() })
  .nullable();

export const runObject = z
  .object({
    id: z.string(),
    object: z.literal('thread.run'),
    created_at: time,
    thread_id: z.string(),
    assistant_id: z.string(),
    status: z.enum([
      'queued',
      'in_progress',
      'requires_action',
      'cancelling',
      'cancelled',
      'failed',
      'completed',
      'incomplete',
      'expired',
    ]),
    required_action: z
      .object({
        type: z.literal('submit_tool_outputs'),
        submit_tool_outputs: z.object({
          tool_calls: z.array(
            z.object({
              id: z.string(),
              type: z.literal('function'),
              function: z.object({ name: z.string(), arguments: z.string() }),
            }),
          ),
        }),
      })
      .nullable(),
    last_error: z
      .object({
        code: z.enum(['server_error', 'rate_limit_exceeded', 'invalid_prompt']),
        message: z.string(),
      })
      .nullable(),
    expires_at: timeOrNull,
    started_at: timeOrNull,
    cancelled_at: timeOrNull,
    failed_at: timeOrNull,
    completed_at: timeOrNull,
    incomplete_details: z
      .object({
        reason: z.enum(['max_completion_tokens', 'max_prompt_tokens', 'content_filter']).exactOptional(),
      })
      .nullable(),
    model: z.string(),
    instructions: z.string(),
    tools: z.array(tool),
    tool_resources: resources,
    metadata,
    usage,
    temperature: z.number().nullable(),
    top_p: z.number().nullable(),
    max_prompt_tokens: z.int().nullable(),
    max_completion_tokens: z.int().nullable(),
    truncation_strategy: z
      .object({ type: z.enum(['auto', 'last_messages']), last_messages: z.int().nullable() })
      .nullable(),
    tool_choice: toolChoice().unwrap().unwrap(),
    parallel_tool_calls: z.boolean(),
    response_format: format,
  })
  .meta({ id: 'RunObject' }) satisfies z.ZodType<Omit<Run, 'incomplete_details'>>;

const toolCall = z.discriminatedUnion('type', [
  z.object({
    id: z.string(),
    type: z.literal('code_interpreter'),
    code_interpreter: z.object({
      input: z.string(),
      outputs: z.array(
        z.discriminatedUnion('type', [
          z.object({ type: z.literal('logs'), logs: z.string() }),
          z.object({ type: z.literal('image'), image: fileReference }),
        ]),
      ),
    }),
  }),
  z.object({
    id: z.string(),
    type: z.literal('file_search'),
    file_search: z.object({
      ranking_options: z
        .object({ ranker: z.enum(['auto', 'default_2024_08_21']), score_threshold: z.number() })
        .exactOptional(),
      results: z
        .array(
          z.object({
            file_id: z.string(),
            file_name: z.string(),
            score: z.number(),
            content: z.array(z.object({ type: z.literal('text'), text: z.string() })).exactOptional(),
          }),
        )
        .exactOptional(),
    }),
  }),
  z.object({
    id: z.string(),
    type: z.literal('function'),
    function: z.object({ name: z.string(), arguments: z.string(), output: z.string().nullable() }),
  }),
]);

export const runStepObject = z
  .object({
    id: z.string(),
    object: z.literal('thread.run.step'),
    created_at: time,
    assistant_id: z.string(),
    thread_id: z.string(),
    run_id: z.string(),
    type: z.enum(['message_creation', 'tool_calls']),
    status: z.enum(['in_progress', 'cancelled', 'failed', 'completed', 'expired']),
    step_details: z.discriminatedUnion('type', [
      z.object({
        type: z.literal('message_creation'),
        message_creation: z.object({ message_id: z.string() }),
      }),
      z.object({ type: z.literal('tool_calls'), tool_calls: z.array(toolCall) }),
    ]),
    last_error: z
      .object({ code: z.enum(['server_error', 'rate_limit_exceeded']), message: z.string() })
      .nullable(),
    expires_at: timeOrNull,
    expired_at: timeOrNull,
    cancelled_at: timeOrNull,
    failed_at: timeOrNull,
    completed_at: timeOrNull,
    metadata,
    usage,
  })
  .meta({ id: 'RunStepObject' }) satisfies z.ZodType<RunStep>;
