import { z } from 'zod';

import { refusal } from './envelopes.ts';
import { message, thread } from './objects.ts';
import { run, runStep } from './run.ts';
import { detail, id } from './values.ts';

const index = z.int().min(0);

const annotationDelta = z.strictObject({
  index,
  type: z.enum(['file_path', 'file_citation']),
  text: z.string().exactOptional(),
  file_path: z.strictObject({ file_id: id }).exactOptional(),
  file_citation: z.strictObject({ file_id: id, quote: z.string().exactOptional() }).exactOptional(),
  start_index: index.exactOptional(),
  end_index: index.exactOptional(),
});

const contentDelta = z.discriminatedUnion('type', [
  z.strictObject({
    index,
    type: z.literal('text'),
    text: z.strictObject({
      value: z.string().exactOptional(),
      annotations: z.array(annotationDelta).exactOptional(),
    }),
  }),
  z.strictObject({
    index,
    type: z.literal('image_file'),
    image_file: z.strictObject({ file_id: id, detail: detail.exactOptional() }),
  }),
  z.strictObject({
    index,
    type: z.literal('image_url'),
    image_url: z.strictObject({ url: z.string(), detail: detail.exactOptional() }),
  }),
  z.strictObject({ index, type: z.literal('refusal'), refusal: z.string() }),
]);

const messageDelta = z.strictObject({
  id,
  object: z.literal('thread.message.delta'),
  delta: z.strictObject({
    role: z.literal('assistant').exactOptional(),
    content: z.array(contentDelta).min(1),
  }),
});

const outputDelta = z.discriminatedUnion('type', [
  z.strictObject({ index, type: z.literal('logs'), logs: z.string() }),
  z.strictObject({ index, type: z.literal('image'), image: z.strictObject({ file_id: id }) }),
]);

const callDelta = z.discriminatedUnion('type', [
  z.strictObject({
    index,
    id: id.exactOptional(),
    type: z.literal('code_interpreter'),
    code_interpreter: z.strictObject({
      input: z.string().exactOptional(),
      outputs: z.array(outputDelta).exactOptional(),
    }),
  }),
  z.strictObject({
    index,
    id: id.exactOptional(),
    type: z.literal('function'),
    function: z.strictObject({
      name: z.string().exactOptional(),
      arguments: z.string().exactOptional(),
      output: z.string().nullable().exactOptional(),
    }),
  }),
  z.strictObject({
    index,
    id: id.exactOptional(),
    type: z.literal('file_search'),
    file_search: z.looseObject({}),
  }),
]);

const stepDelta = z.strictObject({
  id,
  object: z.literal('thread.run.step.delta'),
  delta: z.strictObject({
    step_details: z.discriminatedUnion('type', [
      z.strictObject({ type: z.literal('tool_calls'), tool_calls: z.array(callDelta).min(1) }),
      z.strictObject({
        type: z.literal('message_creation'),
        message_creation: z.strictObject({ message_id: id }),
      }),
    ]),
  }),
});

const inStatus = <S extends z.ZodType<{ status: string }>>(schema: S, status: string) =>
  schema.refine((object) => object.status === status, { error: `expected status ${status}` });

const all = (prefix: string, schema: z.ZodType<{ status: string }>, statuses: readonly string[]) =>
  Object.fromEntries(statuses.map((status) => [`${prefix}.${status}`, inStatus(schema, status)]));

/** The `data` of each event. An object's status is the one that the event's name tells. */
export const events: Readonly<Record<string, z.ZodType>> = {
  'thread.created': thread,
  'thread.run.created': inStatus(run, 'queued'),
  ...all('thread.run', run, [
    'queued',
    'in_progress',
    'requires_action',
    'completed',
    'incomplete',
    'failed',
    'cancelling',
    'cancelled',
    'expired',
  ]),
  'thread.run.step.created': inStatus(runStep, 'in_progress'),
  'thread.run.step.delta': stepDelta,
  ...all('thread.run.step', runStep, ['in_progress', 'completed', 'failed', 'cancelled', 'expired']),
  'thread.message.created': inStatus(message, 'in_progress'),
  'thread.message.delta': messageDelta,
  ...all('thread.message', message, ['in_progress', 'completed', 'incomplete']),
  error: refusal.shape.error,
};
