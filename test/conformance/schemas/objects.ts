import { z } from 'zod';

import {
  codeInterpreterTool,
  detail,
  id,
  idOrNull,
  metadata,
  responseFormat,
  temperature,
  time,
  timeOrNull,
  toolResources,
  tools,
  topP,
} from './values.ts';

export const assistant = z.strictObject({
  id,
  object: z.literal('assistant'),
  created_at: time,
  name: z.string().max(256).nullable(),
  description: z.string().max(512).nullable(),
  model: z.string().min(1),
  instructions: z.string().max(512_000).nullable(),
  tools,
  tool_resources: toolResources,
  metadata,
  temperature,
  top_p: topP,
  response_format: responseFormat,
  // In requests only, by the document; whoever sets it wants to see it again.
  reasoning_effort: z.string().exactOptional(),
});

export const thread = z.strictObject({
  id,
  object: z.literal('thread'),
  created_at: time,
  tool_resources: toolResources,
  metadata,
});

const fileReference = z.strictObject({ file_id: id });
const place = { text: z.string().min(1), start_index: z.int().min(0), end_index: z.int().min(0) };

export const annotation = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('file_path'), file_path: fileReference, ...place }),
  z.strictObject({ type: z.literal('file_citation'), file_citation: fileReference, ...place }),
]);

const imageFile = z.strictObject({ file_id: id, detail: detail.exactOptional() });
const imageUrl = z.strictObject({ url: z.string().min(1), detail: detail.exactOptional() });

export const content = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('text'),
    text: z.strictObject({ value: z.string(), annotations: z.array(annotation) }),
  }),
  z.strictObject({ type: z.literal('image_file'), image_file: imageFile }),
  z.strictObject({ type: z.literal('image_url'), image_url: imageUrl }),
  z.strictObject({ type: z.literal('refusal'), refusal: z.string() }),
]);

const incompleteReason = z.enum([
  'content_filter',
  'max_tokens',
  'run_cancelled',
  'run_expired',
  'run_failed',
]);

/** What a message's status says about its other fields. */
export const message = z
  .strictObject({
    id,
    object: z.literal('thread.message'),
    created_at: time,
    thread_id: id,
    status: z.enum(['in_progress', 'incomplete', 'completed']),
    incomplete_details: z.strictObject({ reason: incompleteReason }).nullable(),
    completed_at: timeOrNull,
    incomplete_at: timeOrNull,
    role: z.enum(['user', 'assistant']),
    content: z.array(content),
    assistant_id: idOrNull,
    run_id: idOrNull,
    attachments: z.array(
      z.strictObject({
        file_id: id,
        tools: z.array(z.union([codeInterpreterTool, z.strictObject({ type: z.literal('file_search') })])),
      }),
    ),
    metadata,
  })
  .refine((value) => (value.status === 'completed') === (value.completed_at !== null))
  .refine((value) => (value.status === 'incomplete') === (value.incomplete_at !== null))
  .refine((value) => (value.status === 'incomplete') === (value.incomplete_details !== null));

export const file = z.strictObject({
  id,
  object: z.literal('file'),
  bytes: z.int().min(0),
  created_at: time,
  expires_at: time.exactOptional(),
  filename: z.string().min(1),
  purpose: z.enum([
    'assistants',
    'assistants_output',
    'batch',
    'batch_output',
    'fine-tune',
    'fine-tune-results',
    'vision',
    'user_data',
  ]),
  status: z.enum(['uploaded', 'processed', 'error']),
});

export const upload = z
  .strictObject({
    id,
    object: z.literal('upload'),
    bytes: z.int().min(0),
    created_at: time,
    expires_at: time,
    filename: z.string().min(1),
    purpose: z.string(),
    status: z.enum(['pending', 'completed', 'cancelled', 'expired']),
    file: file.nullable(),
  })
  .refine((value) => (value.status === 'completed') === (value.file !== null))
  .refine((value) => value.file === null || value.file.bytes === value.bytes);

export const uploadPart = z.strictObject({
  id,
  object: z.literal('upload.part'),
  created_at: time,
  upload_id: id,
});

export const model = z.strictObject({ id, object: z.literal('model'), created: time, owned_by: z.string() });
