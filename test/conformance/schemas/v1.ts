import { z } from 'zod';

import { content } from './objects.ts';
import {
  codeInterpreterTool,
  functionTool,
  id,
  idOrNull,
  metadata,
  responseFormat,
  temperature,
  time,
  timeOrNull,
  topP,
} from './values.ts';

/** Objects in the words of the API's first version, where they differ from the second's. */
const tools = z.array(
  z.union([codeInterpreterTool, functionTool, z.strictObject({ type: z.literal('retrieval') })]),
);

export const assistantV1 = z.strictObject({
  id,
  object: z.literal('assistant'),
  created_at: time,
  name: z.string().nullable(),
  description: z.string().nullable(),
  model: z.string(),
  instructions: z.string().nullable(),
  tools,
  file_ids: z.array(id),
  metadata,
  temperature,
  top_p: topP,
  response_format: responseFormat,
});

export const assistantFile = z.strictObject({
  id,
  object: z.literal('assistant.file'),
  created_at: time,
  assistant_id: id,
});

export const messageFile = z.strictObject({
  id,
  object: z.literal('thread.message.file'),
  created_at: time,
  message_id: id,
});

export const threadV1 = z.strictObject({ id, object: z.literal('thread'), created_at: time, metadata });

export const messageV1 = z.strictObject({
  id,
  object: z.literal('thread.message'),
  created_at: time,
  thread_id: id,
  status: z.string(),
  incomplete_details: z.null(),
  completed_at: timeOrNull,
  incomplete_at: timeOrNull,
  role: z.enum(['user', 'assistant']),
  content: z.array(content),
  file_ids: z.array(id),
  assistant_id: idOrNull,
  run_id: idOrNull,
  metadata,
});

export const runV1 = z.looseObject({
  id,
  object: z.literal('thread.run'),
  tools,
  file_ids: z.array(id),
});
