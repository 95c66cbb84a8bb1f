import type OpenAI from 'openai';
import { z } from 'zod';

import { unixSeconds } from '../clock.ts';
import { id, metadata, text } from './fields.ts';
import { onlyFields } from './known-fields.ts';
import { listQuery } from './page.ts';
import { codeInterpreterTool, fileSearchToolTypeOnly } from './tool.ts';

export type Message = OpenAI.Beta.Threads.Message;
export type MessageContent = OpenAI.Beta.Threads.MessageContent;
export type Annotation = OpenAI.Beta.Threads.Annotation;

export type Attachment = OpenAI.Beta.Threads.Message.Attachment;

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

/** UTF-16 units of all parts together: a message is one document, and a page of a list has a hundred. */
const MESSAGE_UNITS = 8 * 1024 * 1024;

const contentParts = z
  .array(contentPart)
  .min(1)
  .check((context) => {
    const units = context.value.reduce((sum, part) => sum + unitsOf(part), 0);
    if (units <= MESSAGE_UNITS) return;
    context.issues.push({
      code: 'custom',
      message: `Invalid 'content': the parts are too long. Together they may have ${MESSAGE_UNITS} characters, but they have ${units}.`,
      params: { code: 'string_above_max_length' },
      input: context.value,
    });
  });

function unitsOf(part: z.output<typeof contentPart>): number {
  if (part.type === 'text') return part.text.length;
  return part.type === 'image_url' ? part.image_url.url.length : part.image_file.file_id.length;
}

/** The hosted API refused one without `tools` (openai/openai-python#1335). go-openai writes null for none. */
const attachment = z.strictObject({
  file_id: id(),
  tools: z.array(z.discriminatedUnion('type', [codeInterpreterTool, fileSearchToolTypeOnly])).nullable(),
});

/** A message as callers write it: for a thread, with a new thread, or with a run. */
export const createMessage = z.strictObject({
  role: z.enum(['user', 'assistant']),
  content: z.union([messageText(), contentParts]),
  attachments: z.array(attachment).nullable().optional(),
  /** From the API's first version; becomes attachments for the code interpreter. */
  file_ids: z.array(id()).max(20).nullable().optional().meta({ deprecated: true }),
  metadata: metadata(),
});
export type CreateMessage = z.output<typeof createMessage>;

export const listMessagesQuery = listQuery.extend({ run_id: id().optional() });

export const modifyMessage = z.strictObject({ metadata: metadata() });

/** A message that a caller wrote; `now` in Unix milliseconds. */
export function newMessage(
  request: CreateMessage,
  place: { project: string; threadId: string; id: string; now: number },
): MessageRecord {
  const createdAt = unixSeconds(place.now);
  const parts =
    typeof request.content === 'string' ? [textPart(request.content)] : request.content.map(newPart);
  return {
    project: place.project,
    object: {
      id: place.id,
      object: 'thread.message',
      created_at: createdAt,
      thread_id: place.threadId,
      status: 'completed',
      incomplete_details: null,
      completed_at: createdAt,
      incomplete_at: null,
      role: request.role,
      content: parts,
      assistant_id: null,
      run_id: null,
      attachments: newAttachments(request),
      metadata: request.metadata ?? {},
    },
  };
}

const textPart = (value: string): MessageContent => ({ type: 'text', text: { value, annotations: [] } });

function newPart(part: z.output<typeof contentPart>): MessageContent {
  switch (part.type) {
    case 'text':
      return textPart(part.text);
    case 'image_file':
      return {
        type: 'image_file',
        image_file: { file_id: part.image_file.file_id, detail: part.image_file.detail ?? 'auto' },
      };
    case 'image_url':
      return {
        type: 'image_url',
        image_url: { url: part.image_url.url, detail: part.image_url.detail ?? 'auto' },
      };
  }
}

function newAttachments(request: CreateMessage): Attachment[] {
  const attachments = (request.attachments ?? []).map(
    ({ file_id, tools }): Attachment => ({ file_id, tools: tools ?? [] }),
  );
  const legacy = (request.file_ids ?? []).filter(
    (fileId) => !attachments.some((attachment) => attachment.file_id === fileId),
  );
  return [
    ...attachments,
    ...legacy.map((fileId): Attachment => ({ file_id: fileId, tools: [{ type: 'code_interpreter' }] })),
  ];
}

const shown = onlyFields<Message>({
  id: true,
  object: true,
  created_at: true,
  thread_id: true,
  status: true,
  incomplete_details: true,
  completed_at: true,
  incomplete_at: true,
  role: true,
  content: true,
  assistant_id: true,
  run_id: true,
  attachments: true,
  metadata: true,
});

export const presentMessage = ({ object }: Pick<MessageRecord, 'object'>): Message => shown(object);
