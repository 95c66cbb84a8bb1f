import type { MessageRecord } from '../api/message.ts';
import { sortKeyOf } from '../ids.ts';
import { ascendingKey, descendingKey, messageKeys } from './keys.ts';
import type { Change } from './table.ts';

/** The rows of a new message. */
export function messageChanges(record: MessageRecord): Change[] {
  const sortKey = sortKeyOf(record.object.id) ?? '';
  return [
    { type: 'insert', key: descendingKey(messageKeys, sortKey), document: record, columns: { sortKey } },
    { type: 'insert', key: ascendingKey(messageKeys, sortKey) },
  ];
}

/** Rows of a run's message that nobody has seen yet; an attempt whose answer was lost may have saved it. */
export function firstMessageChanges(record: MessageRecord): Change[] {
  const sortKey = sortKeyOf(record.object.id) ?? '';
  return [
    { type: 'upsert', key: descendingKey(messageKeys, sortKey), document: record, columns: { sortKey } },
    { type: 'upsert', key: ascendingKey(messageKeys, sortKey), document: null },
  ];
}

/**
 * A message that was saved before, whatever stands there, but only if it stands there: one that was deleted
 * meanwhile stays deleted, and the transaction conflicts.
 */
export function laterMessageChange(record: MessageRecord): Change {
  const sortKey = sortKeyOf(record.object.id) ?? '';
  const key = descendingKey(messageKeys, sortKey);
  return { type: 'replace', key, document: record, columns: { sortKey }, etag: '*' };
}
