import type { TransactionAction } from '@azure/data-tables';

import { type Entity, encodeDocument, INLINE_UNITS, inlineProperties } from './document.ts';
import { spillName } from './spills.ts';
import type { Change } from './table.ts';

/** A document as it is stored: in the row itself, or in a blob that the row names. */
export interface Encoded {
  readonly key: string;
  readonly text: string;
  readonly bytes: number;
  spill: string | undefined;
}

/** A transaction's payload is limited to 4 MiB; the rest is room for keys and framing. */
const MAX_TRANSACTION_BYTES = 3 * 1024 * 1024;

/** The property that names the write which a row comes from. */
export const STAMP = 'w';

/** The documents of changes. Long ones go to blobs, and then the longest, until the transaction's payload fits. */
export function encodeChanges(
  partition: string,
  changes: readonly Change[],
  stamp: string,
): (Encoded | undefined)[] {
  const encoded = changes.map((change): Encoded | undefined => {
    if (change.type === 'merge' || change.type === 'delete') return undefined;
    const text = encodeDocument(change.document ?? null);
    const spill = text.length > INLINE_UNITS ? spillName(partition, change.key, stamp) : undefined;
    return { key: change.key, text, bytes: Buffer.byteLength(JSON.stringify(text)), spill };
  });
  const present = encoded.filter((entry) => entry !== undefined).sort((a, b) => b.bytes - a.bytes);
  let total = present.reduce((sum, entry) => sum + (entry.spill ? 0 : entry.bytes), 0);
  for (const entry of present) {
    if (entry.spill || total <= MAX_TRANSACTION_BYTES) continue;
    entry.spill = spillName(partition, entry.key, stamp);
    total -= entry.bytes;
  }
  return encoded;
}

/** A change in the table service's words. */
export function toAction(
  partition: string,
  change: Change,
  encoded: Encoded | undefined,
  stamp: string,
): TransactionAction {
  const entity: Entity = { partitionKey: partition, rowKey: change.key };
  if (change.type !== 'delete') {
    entity[STAMP] = stamp;
    for (const [name, value] of Object.entries(change.columns ?? {})) entity[`c_${name}`] = value;
  }
  if (encoded) {
    if (encoded.spill) entity.spill = encoded.spill;
    else Object.assign(entity, inlineProperties(encoded.text));
  }
  switch (change.type) {
    case 'insert':
      return ['create', entity];
    case 'upsert':
      return ['upsert', entity, 'Replace'];
    case 'replace':
      return ['update', entity, 'Replace', { etag: change.etag }];
    case 'merge':
      return ['update', entity, 'Merge', { etag: change.etag }];
    case 'delete':
      return ['delete', entity];
  }
}
