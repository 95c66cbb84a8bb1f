import type { AssistantRecord } from '../api/assistant.ts';
import { badRequest, notFound } from '../api/error.ts';
import type { CreateMessage } from '../api/message.ts';
import type { CreateRun } from '../api/run.ts';
import type { CreateThread } from '../api/thread.ts';
import type { NewToolResources, ToolResourcesChange } from '../api/tool.ts';
import type { FileStore } from '../store/files.ts';
import type { Stores } from '../store/stores.ts';
import type { VectorStores } from '../store/vector-stores.ts';

/** An object of the project that a request names, and where. */
export interface Reference {
  readonly id: string;
  readonly param: string;
}

/** @throws {ApiError} 404 */
export async function requireAssistant(
  assistants: Stores['assistants'],
  project: string,
  id: string,
): Promise<AssistantRecord> {
  const record = await assistants.get(project, id);
  if (!record) throw notFound('assistant', id, 'assistant_id');
  return record;
}

/**
 * A tool that a run is made to call must be one that it has.
 * @throws {ApiError} 400
 */
export function requireToolChoice(
  assistant: AssistantRecord,
  { tools, tool_choice: choice }: Pick<CreateRun, 'tools' | 'tool_choice'>,
): void {
  if (typeof choice !== 'object' || choice === null) return;
  const name = choice.type === 'function' ? choice.function?.name : choice.type;
  const offered = (tools ?? assistant.object.tools).map((tool) =>
    tool.type === 'function' ? tool.function.name : tool.type,
  );
  if (name === undefined || offered.includes(name)) return;
  throw badRequest(`Tool choice '${name}' not found in 'tools'.`, 'tool_choice', 'invalid_value');
}

/** Files asked for at once; a request names few. */
const AT_ONCE = 16;
/** More than so many are looked up together first. */
const MANY = 32;

/**
 * Makes sure that the files a request names are the project's.
 * @throws {ApiError} 404 for the first that is not, whoever else may own it
 */
export async function requireFiles(
  files: Pick<FileStore, 'get' | 'among'>,
  project: string,
  references: readonly Reference[],
): Promise<void> {
  const places = new Map<string, string>();
  for (const { id, param } of references) if (!places.has(id)) places.set(id, param);
  const known = places.size > MANY ? await files.among(project, [...places.keys()]) : new Set();
  const waiting = [...places].filter(([id]) => !known.has(id));
  while (waiting.length > 0) {
    const batch = waiting.splice(0, AT_ONCE);
    const found = await Promise.all(batch.map(([id]) => files.get(project, id)));
    const missing = batch.find((_, index) => found[index] === undefined);
    if (missing) throw notFound('file', missing[0], missing[1]);
  }
}

/** The files of messages that a caller wrote; `place` is where the list stands, `''` for a single body. */
export function filesOfMessages(messages: readonly CreateMessage[], place: string): Reference[] {
  return messages.flatMap((message, index) =>
    filesOfMessage(message, place === '' ? '' : `${place}[${index}].`),
  );
}

function filesOfMessage(message: CreateMessage, prefix: string): Reference[] {
  const parts = typeof message.content === 'string' ? [] : message.content;
  return [
    ...parts.flatMap((part, index) =>
      part.type === 'image_file'
        ? [{ id: part.image_file.file_id, param: `${prefix}content[${index}].image_file.file_id` }]
        : [],
    ),
    ...(message.attachments ?? []).map(({ file_id: id }, index) => ({
      id,
      param: `${prefix}attachments[${index}].file_id`,
    })),
    ...(message.file_ids ?? []).map((id, index) => ({ id, param: `${prefix}file_ids[${index}]` })),
  ];
}

/** The files of a code interpreter. */
export function filesOfResources(
  resources: NewToolResources | ToolResourcesChange,
  prefix = '',
): Reference[] {
  return (resources?.code_interpreter?.file_ids ?? []).map((id, index) => ({
    id,
    param: `${prefix}tool_resources.code_interpreter.file_ids[${index}]`,
  }));
}

/** The files of vector stores that are made along the way. */
export function filesOfNewStores(resources: NewToolResources, prefix = ''): Reference[] {
  return (resources?.file_search?.vector_stores ?? []).flatMap(({ file_ids: ids }, store) =>
    (ids ?? []).map((id, index) => ({
      id,
      param: `${prefix}tool_resources.file_search.vector_stores[${store}].file_ids[${index}]`,
    })),
  );
}

/**
 * Makes sure that what a new thread names is the project's.
 * @throws {ApiError} 404
 */
export async function requireOfThread(
  { files, vectorStores }: Pick<Stores, 'files' | 'vectorStores'>,
  project: string,
  { tool_resources: resources, messages }: CreateThread,
  prefix = '',
): Promise<void> {
  await requireVectorStores(vectorStores, project, resources, prefix);
  await requireFiles(files, project, [
    ...filesOfResources(resources, prefix),
    ...filesOfNewStores(resources, prefix),
    ...filesOfMessages(messages ?? [], `${prefix}messages`),
  ]);
}

/**
 * Makes sure that the vector stores a request names are the project's.
 * @throws {ApiError} 404
 */
export async function requireVectorStores(
  stores: Pick<VectorStores, 'get'>,
  project: string,
  resources: NewToolResources | ToolResourcesChange,
  prefix = '',
): Promise<void> {
  const param = `${prefix}tool_resources.file_search.vector_store_ids`;
  for (const [index, id] of (resources?.file_search?.vector_store_ids ?? []).entries()) {
    if (!(await stores.get(project, id))) throw notFound('vectorStore', id, `${param}[${index}]`);
  }
}
