import type { TransactionAction } from '@azure/data-tables';

import { type Entity, inlineProperties, spillName } from './document.ts';
import type { Change } from './table.ts';

/** A document as it is stored: in the row itself, or in a blob that the row names. */
export interface Encoded {
  readonly key: string;
  readonly text: string;
  readonly bytes: number;
  spill: boolean;
}

/** The property that names the write which a row comes from. */
export const STAMP = 'w';

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
    if (encoded.spill) entity.spill = spillName(partition, change.key, encoded.text);
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
