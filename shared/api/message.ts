import type OpenAI from 'openai';
import { z } from 'zod';

import { id, metadata, text } from './fields.ts';
import { codeInterpreterTool, fileSearchToolTypeOnly } from './tool.ts';

export type Message = OpenAI.Beta.Threads.Message;
export type MessageContent = OpenAI.Beta.Threads.MessageContent;
export type Annotation = OpenAI.Beta.Threads.Annotation;

export interface MessageRecord {
  readonly project: string;
  readonly object: Message;
}

export const MESSAGE_TEXT_CHARACTERS = 256_000;

const messageText = () =>
  text(MESSAGE_TEXT_CHARACTERS).check((context) => {
    if (context.value !== '') return;
    context.issues.push({
      code: 'custom',
      message: 'Message content must be non-empty.',
      input: context.value,
    });
  });

const imageDetail = z.enum(['auto', 'low', 'high']).optional();

const contentPart = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('text'), text: messageText() }),
  z.strictObject({
    type: z.literal('image_file'),
    image_file: z.strictObject({ file_id: id(), detail: imageDetail }),
  }),
  z.strictObject({
    type: z.literal('image_url'),
    image_url: z.strictObject({ url: z.url({ protocol: /^(https?|data)$/ }), detail: imageDetail }),
  }),
]);

const attachment = z.strictObject({
  file_id: id(),
  tools: z.array(z.discriminatedUnion('type', [codeInterpreterTool, fileSearchToolTypeOnly])),
});

/** A message as callers write it: for a thread, with a new thread, or with a run. */
export const createMessage = z.strictObject({
  role: z.enum(['user', 'assistant']),
  content: z.union([messageText(), z.array(contentPart).min(1)]),
  attachments: z.array(attachment).nullable().optional(),
  /** From the API's first version; becomes attachments for the code interpreter. */
  file_ids: z.array(id()).max(20).nullable().optional().meta({ deprecated: true }),
  metadata: metadata(),
});
export type CreateMessage = z.output<typeof createMessage>;

export const modifyMessage = z.strictObject({ metadata: metadata() });
