import type { Message, MessageRecord } from '../api/message.ts';
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

/** The change of a thread's row that comes with new messages. Without files it leaves the document alone. */
export function threadChange(
  row: Row<ThreadDocument>,
  messages: readonly MessageRecord[],
  columns: Columns,
): Change {
  const document = withAttachments(row.document, messages);
  if (document === row.document) return { type: 'merge', key: threadRow, etag: row.etag, columns };
  return replacement({ ...row, columns: { ...row.columns, ...columns } }, document);
}
