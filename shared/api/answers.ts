import type OpenAI from 'openai';
import { z } from 'zod';

import { responseFormat } from './model-options.ts';
import { tool } from './tool.ts';

/**
 * The API's answers as schemas, for the OpenAPI document alone: what is answered is checked by the client's
 * types at compile time.
 */
export const time = z.int().meta({ description: 'Unix seconds' });
export const timeOrNull = time.nullable();
export const metadata = z.record(z.string(), z.string());

export const resources = z
  .object({
    code_interpreter: z.object({ file_ids: z.array(z.string()) }).exactOptional(),
    file_search: z.object({ vector_store_ids: z.array(z.string()) }).exactOptional(),
  })
  .nullable();

export const format = responseFormat().unwrap().unwrap();

export const assistantObject = z
  .object({
    id: z.string(),
    object: z.literal('assistant'),
    created_at: time,
    name: z.string().nullable(),
    description: z.string().nullable(),
    model: z.string(),
    instructions: z.string().nullable(),
    tools: z.array(tool),
    tool_resources: resources,
    metadata,
    temperature: z.number().nullable(),
    top_p: z.number().nullable(),
    response_format: format,
    reasoning_effort: z.string().exactOptional(),
  })
  .meta({ id: 'AssistantObject' }) satisfies z.ZodType<OpenAI.Beta.Assistant>;

export const assistantFileObject = z
  .object({
    id: z.string(),
    object: z.literal('assistant.file'),
    created_at: time,
    assistant_id: z.string(),
  })
  .meta({ id: 'AssistantFileObject' });

export const messageFileObject = z
  .object({
    id: z.string(),
    object: z.literal('thread.message.file'),
    created_at: time,
    message_id: z.string(),
  })
  .meta({ id: 'MessageFileObject' });

export const threadObject = z
  .object({
    id: z.string(),
    object: z.literal('thread'),
    created_at: time,
    tool_resources: resources,
    metadata,
  })
  .meta({ id: 'ThreadObject' }) satisfies z.ZodType<OpenAI.Beta.Thread>;

const annotated = { text: z.string(), start_index: z.int(), end_index: z.int() };
export const fileReference = z.object({ file_id: z.string() });
const detail = z.enum(['auto', 'low', 'high']);

const contentPart = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('text'),
    text: z.object({
      value: z.string(),
      annotations: z.array(
        z.discriminatedUnion('type', [
          z.object({ type: z.literal('file_path'), file_path: fileReference, ...annotated }),
          z.object({ type: z.literal('file_citation'), file_citation: fileReference, ...annotated }),
        ]),
      ),
    }),
  }),
  z.object({
    type: z.literal('image_file'),
    image_file: fileReference.extend({ detail: detail.exactOptional() }),
  }),
  z.object({
    type: z.literal('image_url'),
    image_url: z.object({ url: z.string(), detail: detail.exactOptional() }),
  }),
  z.object({ type: z.literal('refusal'), refusal: z.string() }),
]);

export const messageObject = z
  .object({
    id: z.string(),
    object: z.literal('thread.message'),
    created_at: time,
    thread_id: z.string(),
    status: z.enum(['in_progress', 'incomplete', 'completed']),
    incomplete_details: z
      .object({
        reason: z.enum(['content_filter', 'max_tokens', 'run_cancelled', 'run_expired', 'run_failed']),
      })
      .nullable(),
    completed_at: timeOrNull,
    incomplete_at: timeOrNull,
    role: z.enum(['user', 'assistant']),
    content: z.array(contentPart),
    assistant_id: z.string().nullable(),
    run_id: z.string().nullable(),
    attachments: z
      .array(
        z.object({
          file_id: z.string(),
          tools: z.array(z.object({ type: z.enum(['code_interpreter', 'file_search']) })),
        }),
      )
      .nullable(),
    metadata,
  })
  .meta({ id: 'MessageObject' });

export const fileObject = z
  .object({
    id: z.string(),
    object: z.literal('file'),
    bytes: z.int(),
    created_at: time,
    expires_at: time.exactOptional(),
    filename: z.string(),
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
  })
  .meta({ id: 'OpenAIFile' }) satisfies z.ZodType<OpenAI.FileObject>;

export const uploadObject = z
  .object({
    id: z.string(),
    object: z.literal('upload'),
    bytes: z.int(),
    created_at: time,
    expires_at: time,
    filename: z.string(),
    purpose: z.string(),
    status: z.enum(['pending', 'completed', 'cancelled', 'expired']),
    file: fileObject.nullable().exactOptional(),
  })
  .meta({ id: 'Upload' }) satisfies z.ZodType<OpenAI.Upload>;

export const uploadPartObject = z
  .object({
    id: z.string(),
    object: z.literal('upload.part'),
    created_at: time,
    upload_id: z.string(),
  })
  .meta({ id: 'UploadPart' }) satisfies z.ZodType<OpenAI.Uploads.UploadPart>;

export const modelObject = z
  .object({
    id: z.string(),
    object: z.literal('model'),
    created: time,
    owned_by: z.string(),
  })
  .meta({ id: 'Model' }) satisfies z.ZodType<OpenAI.Model>;

export const errorObject = z
  .object({
    error: z.object({
      message: z.string(),
      type: z.string(),
      param: z.string().nullable(),
      code: z.string().nullable(),
    }),
  })
  .meta({ id: 'ErrorResponse' });
