import { invert, sortKeyOf } from '../ids.ts';

/**
 * Every partition and row key, with the query it serves. Tables scan keys upwards only, so a list that is
 * read newest first stores its documents under inverted sort keys, and has pointer rows (no document) under
 * plain ones for the other direction: a page in either order costs one or two range reads.
 *
 * Table `threads`, partition = thread id: everything of one thread, so that one transaction can change
 * a run, its messages and the thread's lock together.
 *
 * | key | row | query |
 * | --- | --- | --- |
 * | `thread` | the thread and its lock | by id |
 * | `md:INVERTED` / `ma:SORTKEY` | message / pointer | by id; lists |
 * | `rd:INVERTED` / `ra:SORTKEY` | run / pointer | by id; lists |
 * | `s:RUN:STEP` | run step | by ids; all steps of a run, of a thread from a run on |
 * | `session` | the thread's Python session | by thread |
 * | `workspace` | files of /mnt/data that are kept | by thread |
 *
 * Tables `assistants` and `files`, partition = project:
 *
 * | key | row | query |
 * | --- | --- | --- |
 * | `i:ID` | the document | by id, wherever the id was made |
 * | `d:INVERTED` / `a:SORTKEY` | the document again / pointer | lists by creation |
 *
 * Table `threads`, partition `session-ends`: for which moments a message about ends of sessions is put, by moment.
 *
 * Table `threads`, partition `seats:PROJECT`: the project's Python sessions, by their ends: `DEADLINE:GROUP`.
 *
 * Table `threadlist`, partition = project: `d:…` and `a:…` alike, holding thread ids.
 *
 * Table `uploads`, partition = project: `u:UPLOAD` an upload, `p:UPLOAD:PART` its parts; by ids, parts of an upload.
 *
 * Table `vectorstores`, partition = store id: everything of one store, so that a file's status and the counts
 * change together. Lists are kept by status, since any of them may be asked for; all of them together are merged.
 *
 * | key | row | query |
 * | --- | --- | --- |
 * | `store` / `store:N` | the store / shares of its counts | by id, with all counts |
 * | `f:FILE` | a file in the store | by id |
 * | `l:STATUS:d:INVERTED` / `l:STATUS:a:SORTKEY` | the file again / pointer | lists |
 * | `b:BATCH` / `b:BATCH:N` | a batch / shares of its counts | by id, with all counts |
 * | `m:BATCH:STATUS:d:…` / `m:BATCH:STATUS:a:…` | as `l:` | lists of a batch's files |
 *
 * Table `vectorstorelist`, partition = project: `d:…` and `a:…` as above, holding store ids; `u:FILE` for each file
 * that was ever in a store, and `u:FILE:STORE` for each store that may hold it.
 */
export const threadRow = 'thread';
export const sessionRow = 'session';
export const workspaceRow = 'workspace';
export const endMarksPartition = 'session-ends';
export const endMarkKey = (due: number): string => String(due);
export const seatsPartition = (project: string): string => `seats:${project}`;
/** @param deadline Unix milliseconds: 13 digits until the year 2286 */
export const seatKey = ({ deadline, group }: { deadline: number; group: string }): string =>
  `${String(Math.ceil(deadline)).padStart(13, '0')}:${group}`;

/** A time-ordered collection: documents under `descending + inverted key`, pointers under `ascending + key`. */
export interface ListKeys {
  readonly descending: string;
  readonly ascending: string;
}

export const messageKeys: ListKeys = { descending: 'md:', ascending: 'ma:' };
export const runKeys: ListKeys = { descending: 'rd:', ascending: 'ra:' };
export const projectKeys: ListKeys = { descending: 'd:', ascending: 'a:' };

/** The first key after all that begin with `prefix`. */
export const endOf = (prefix: string): string =>
  prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);

/** Sorts after `key` and before every longer-lived neighbour: `!` is below the sort keys' alphabet. */
export const justAfter = (key: string): string => `${key}!`;

/** What follows a prefix in a key: of a pointer its sort key. */
export const behind = (prefix: string, key: string): string => key.slice(prefix.length);

/** From the first to behind the last: all rows of a partition, and those of a thread's runs. */
export const everyRow = ['', '~'] as const;
export const everyRunRow = ['r', 's'] as const;

export const descendingKey = (keys: ListKeys, sortKey: string): string => keys.descending + invert(sortKey);
export const ascendingKey = (keys: ListKeys, sortKey: string): string => keys.ascending + sortKey;

/** Row key of a message or run by its id, or undefined when the id cannot be one of ours. */
export function documentKey(keys: ListKeys, id: string): string | undefined {
  const sortKey = sortKeyOf(id);
  return sortKey && descendingKey(keys, sortKey);
}

/** Lists of a store's files in one status, or of those of them that one batch has brought. */
export function storeFileKeys(status: string, batchId: string | null = null): ListKeys {
  const scope = batchId === null ? 'l' : `m:${batchId}`;
  return { descending: `${scope}:${status}:d:`, ascending: `${scope}:${status}:a:` };
}
export const storeRow = 'store';
export const storeFileKey = (fileId: string): string => `f:${fileId}`;
export const batchKey = (batchId: string): string => `b:${batchId}`;
/** Shares of the counts that belong to a store's or a batch's row. */
export const shareKey = (row: string, share: number): string => `${row}:${String(share).padStart(2, '0')}`;
/** Sorts after a row and all its shares, and before every other row. */
export const afterShares = (row: string): string => `${row};`;
export const useKey = (fileId: string, storeId?: string): string =>
  storeId === undefined ? `u:${fileId}` : `u:${fileId}:${storeId}`;

export const idKey = (id: string): string => `i:${id}`;

export const uploadKey = (id: string): string => `u:${id}`;
export const partKey = (uploadId: string, partId: string): string => `p:${uploadId}:${partId}`;

export const stepsOf = (runId: string): string => `s:${sortKeyOf(runId) ?? ''}:`;
export function stepKey(runId: string, stepId: string): string | undefined {
  const run = sortKeyOf(runId);
  const step = sortKeyOf(stepId);
  return run && step && `s:${run}:${step}`;
}
