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

/** Overwrites a message's document; its pointer stands already. */
export function messageOverwrite(record: MessageRecord): Change {
  const sortKey = sortKeyOf(record.object.id) ?? '';
  return { type: 'upsert', key: descendingKey(messageKeys, sortKey), document: record, columns: { sortKey } };
}

/** Rows of a message that may have been saved before. */
export const messageChangesOf = (record: MessageRecord): Change[] => [
  messageOverwrite(record),
  { type: 'upsert', key: ascendingKey(messageKeys, sortKeyOf(record.object.id) ?? ''), document: null },
];
