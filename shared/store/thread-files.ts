import type { CreateMessage, Message, MessageRecord } from '../api/message.ts';
import type { Thread } from '../api/thread.ts';
import { FILES_PER_CODE_INTERPRETER } from '../api/tool.ts';
import type { Columns } from './document.ts';
import { threadRow } from './keys.ts';
import { type Change, type Row, replacement } from './table.ts';
import type { ThreadDocument } from './threads.ts';

/**
 * The files that a message brings for the code interpreter. What is attached to a run's own message was made by
 * code, whose workspace has it already.
 */
export const filesForCode = ({ attachments, run_id: run }: Message): string[] =>
  (run === null ? (attachments ?? []) : []).flatMap(({ file_id: id, tools }) =>
    id && tools?.some((tool) => tool.type === 'code_interpreter') ? [id] : [],
  );

/** The files that a caller's message brings for file search. */
export const filesForSearch = ({ attachments }: Pick<CreateMessage, 'attachments'>): string[] =>
  (attachments ?? []).flatMap(({ file_id: id, tools }) =>
    tools?.some((tool) => tool.type === 'file_search') ? [id] : [],
  );

/**
 * The thread with new messages: what they bring for the code interpreter becomes a resource of the thread, and
 * stays one without them. A thread has room for 20 files; those that its owner gave it directly keep their
 * places, and of the attached ones the newest have the others.
 */
export function withAttachments(
  thread: ThreadDocument,
  messages: readonly Pick<MessageRecord, 'object'>[],
): ThreadDocument {
  const brought = messages.flatMap(({ object }) => filesForCode(object));
  if (brought.length === 0) return thread;
  const { object } = thread;
  const current = object.tool_resources?.code_interpreter?.file_ids ?? [];
  const before = (thread.attached ?? []).filter((id) => current.includes(id));
  const given = current.filter((id) => !before.includes(id));
  const newest = [...new Set([...before, ...brought].reverse())].filter((id) => !given.includes(id));
  const attached = newest.slice(0, FILES_PER_CODE_INTERPRETER - given.length).reverse();
  const code_interpreter = { file_ids: [...given, ...attached] };
  const tool_resources = { ...object.tool_resources, code_interpreter };
  return { ...thread, object: { ...object, tool_resources }, attached };
}

/** The thread with the vector store that what is attached to its messages goes into. */
export function withVectorStore(thread: ThreadDocument, storeId: string | undefined): ThreadDocument {
  const { object } = thread;
  if (storeId === undefined || storeId === vectorStoreOf(object)) return thread;
  const tool_resources = { ...object.tool_resources, file_search: { vector_store_ids: [storeId] } };
  return { ...thread, object: { ...object, tool_resources } };
}

export const vectorStoreOf = ({ tool_resources: resources }: Pick<Thread, 'tool_resources'>) =>
  resources?.file_search?.vector_store_ids?.[0];

/**
 * The change of a thread's row that comes with new messages. Without files it leaves the document alone.
 * @param storeId the vector store that they have made, or extended
 */
export function threadChange(
  row: Row<ThreadDocument>,
  messages: readonly MessageRecord[],
  columns: Columns,
  storeId?: string,
): Change {
  const document = withVectorStore(withAttachments(row.document, messages), storeId);
  if (document === row.document) return { type: 'merge', key: threadRow, etag: row.etag, columns };
  return replacement({ ...row, columns: { ...row.columns, ...columns } }, document);
}
