import { z } from 'zod';

import {
  id,
  metadata,
  rankingOptions,
  responseFormat,
  searchResult,
  temperature,
  time,
  timeOrNull,
  toolChoice,
  toolResources,
  tools,
  topP,
  usage,
} from './values.ts';

const functionCall = z.strictObject({
  id,
  type: z.literal('function'),
  function: z.strictObject({ name: z.string().min(1), arguments: z.string() }),
});

const requiredAction = z.strictObject({
  type: z.literal('submit_tool_outputs'),
  submit_tool_outputs: z.strictObject({ tool_calls: z.array(functionCall).min(1) }),
});

const statuses = [
  'queued',
  'in_progress',
  'requires_action',
  'cancelling',
  'cancelled',
  'failed',
  'completed',
  'incomplete',
  'expired',
] as const;
type Status = (typeof statuses)[number];

const live: readonly Status[] = ['queued', 'in_progress', 'requires_action', 'cancelling'];
export const isLive = (status: unknown): boolean => live.includes(status as Status);

const budget = z.int().min(1).nullable();

const fields = z.strictObject({
  id,
  object: z.literal('thread.run'),
  created_at: time,
  thread_id: id,
  assistant_id: id,
  status: z.enum(statuses),
  required_action: requiredAction.nullable(),
  last_error: z
    .strictObject({
      code: z.enum(['server_error', 'rate_limit_exceeded', 'invalid_prompt']),
      message: z.string().min(1),
    })
    .nullable(),
  expires_at: timeOrNull,
  started_at: timeOrNull,
  cancelled_at: timeOrNull,
  failed_at: timeOrNull,
  completed_at: timeOrNull,
  incomplete_details: z
    // Not in the document: the reason that the hosted API gave when a filter had ended a run.
    .strictObject({ reason: z.enum(['max_completion_tokens', 'max_prompt_tokens', 'content_filter']) })
    .nullable(),
  model: z.string().min(1),
  instructions: z.string(),
  tools,
  // Not in the document: the hosted API answered the thread's.
  tool_resources: toolResources,
  metadata,
  usage,
  temperature,
  top_p: topP,
  max_prompt_tokens: budget,
  max_completion_tokens: budget,
  truncation_strategy: z.strictObject({
    type: z.enum(['auto', 'last_messages']),
    last_messages: z.int().min(1).nullable(),
  }),
  tool_choice: toolChoice,
  parallel_tool_calls: z.boolean(),
  response_format: responseFormat,
});

/** Which other fields have a value is decided by the status. */
export const run = fields.check(({ value, issues }) => {
  const expect = (field: keyof typeof value, present: boolean) => {
    if ((value[field] !== null) === present) return;
    const message = `${present ? 'expected a value' : 'expected null'} in status ${value.status}`;
    issues.push({ code: 'custom', message, path: [field], input: value[field] });
  };
  const { status } = value;
  expect('required_action', status === 'requires_action');
  expect('usage', !isLive(status));
  expect('expires_at', isLive(status));
  // A filter's words about the prompt stand beside the reason.
  if (value.incomplete_details?.reason !== 'content_filter') expect('last_error', status === 'failed');
  expect('cancelled_at', status === 'cancelled');
  expect('failed_at', status === 'failed');
  if (status === 'completed') expect('completed_at', true);
  if (status === 'queued') expect('completed_at', false);
});

const output = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('logs'), logs: z.string() }),
  z.strictObject({ type: z.literal('image'), image: z.strictObject({ file_id: id }) }),
]);

const toolCall = z.discriminatedUnion('type', [
  z.strictObject({
    id,
    type: z.literal('code_interpreter'),
    code_interpreter: z.strictObject({ input: z.string(), outputs: z.array(output) }),
  }),
  z.strictObject({
    id,
    type: z.literal('file_search'),
    file_search: z.strictObject({
      ranking_options: rankingOptions.exactOptional(),
      results: z.array(searchResult).exactOptional(),
    }),
  }),
  z.strictObject({
    id,
    type: z.literal('function'),
    function: z.strictObject({
      name: z.string().min(1),
      arguments: z.string(),
      output: z.string().nullable(),
    }),
  }),
]);

export const runStep = z
  .strictObject({
    id,
    object: z.literal('thread.run.step'),
    created_at: time,
    assistant_id: id,
    thread_id: id,
    run_id: id,
    type: z.enum(['message_creation', 'tool_calls']),
    status: z.enum(['in_progress', 'cancelled', 'failed', 'completed', 'expired']),
    step_details: z.discriminatedUnion('type', [
      z.strictObject({
        type: z.literal('message_creation'),
        message_creation: z.strictObject({ message_id: id }),
      }),
      z.strictObject({ type: z.literal('tool_calls'), tool_calls: z.array(toolCall) }),
    ]),
    last_error: z
      .strictObject({ code: z.enum(['server_error', 'rate_limit_exceeded']), message: z.string().min(1) })
      .nullable(),
    // Not in the document, but in every answer of the hosted API.
    expires_at: timeOrNull,
    expired_at: timeOrNull,
    cancelled_at: timeOrNull,
    failed_at: timeOrNull,
    completed_at: timeOrNull,
    metadata,
    usage,
  })
  .refine((step) => step.type === step.step_details.type)
  .check(({ value, issues }) => {
    for (const status of ['expired', 'cancelled', 'failed', 'completed'] as const) {
      const field = `${status}_at` as const;
      if ((value.status === status) === (value[field] !== null)) continue;
      issues.push({
        code: 'custom',
        message: `wrong in status ${value.status}`,
        path: [field],
        input: value[field],
      });
    }
  });
