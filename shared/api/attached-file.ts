import { z } from 'zod';

import { type AssistantRecord, changeAssistant, modifyAssistant } from './assistant.ts';
import { notFound } from './error.ts';
import { id } from './fields.ts';
import type { MessageRecord } from './message.ts';
import type { Page, PageQuery } from './page.ts';
import { validate } from './validate.ts';

/**
 * Files as the API's first version attached them: objects of their own, named after the file. What stands behind
 * them is the second version's: an assistant's files for the code interpreter, a message's attachments.
 */
export const createAssistantFile = z.strictObject({ file_id: id() });

export const filesOfAssistant = ({ object }: AssistantRecord): readonly string[] =>
  object.tool_resources?.code_interpreter?.file_ids ?? [];

/** @throws {ApiError} 400 for too many */
export function withFiles(record: AssistantRecord, files: readonly string[]): AssistantRecord {
  const tool_resources = { code_interpreter: { file_ids: [...new Set(files)] } };
  return changeAssistant(record, validate(modifyAssistant, { tool_resources }));
}

export const filesOfMessage = ({ object }: MessageRecord): readonly string[] => [
  ...new Set((object.attachments ?? []).flatMap(({ file_id: file }) => file ?? [])),
];

/** When a file was attached is not kept: the assistant's own time stands for it. */
export const presentAssistantFile =
  ({ object }: AssistantRecord) =>
  (file: string) => ({
    id: file,
    object: 'assistant.file' as const,
    created_at: object.created_at,
    assistant_id: object.id,
  });

export const presentMessageFile =
  ({ object }: MessageRecord) =>
  (file: string) => ({
    id: file,
    object: 'thread.message.file' as const,
    created_at: object.created_at,
    message_id: object.id,
  });

/** @throws {ApiError} 404 for a file that is not attached */
export function attached(files: readonly string[], file: string, param: string | null = null): string {
  if (!files.includes(file)) throw notFound('file', file, param);
  return file;
}

/** A page of files in the order in which they were attached. @throws {ApiError} 404 for an unknown cursor */
export function pageOfFiles(files: readonly string[], query: PageQuery): Page<string> {
  const { limit, order, after, before } = query;
  for (const side of ['after', 'before'] as const) {
    const cursor = query[side];
    if (cursor !== undefined) attached(files, cursor, side);
  }
  const ordered = order === 'asc' ? files : files.toReversed();
  const between = ordered.slice(
    after === undefined ? 0 : ordered.indexOf(after) + 1,
    before === undefined ? ordered.length : ordered.indexOf(before),
  );
  const endsThere = before !== undefined && after === undefined;
  const data = endsThere ? between.slice(-limit) : between.slice(0, limit);
  return { data, hasMore: between.length > data.length };
}
