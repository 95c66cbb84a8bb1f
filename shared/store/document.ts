import type { Spills } from './spills.ts';

/**
 * A document (any JSON value) as properties of one table entity. A string property holds 32 K UTF-16 units
 * and an entity 1 MiB, so longer documents go to a blob that the entity names; nobody above the store notices.
 * https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model
 */
export type Columns = Readonly<Record<string, string | number | boolean>>;

export interface Entity {
  partitionKey: string;
  rowKey: string;
  [property: string]: unknown;
}

const PROPERTY_UNITS = 32_000;
/** Three properties. Well below the entity's limit, so that many rows fit into one 4 MiB transaction. */
export const INLINE_UNITS = 3 * PROPERTY_UNITS;

/** Azurite (3.37) cuts a transaction at U+2028 and U+2029, which JSON may hold as they are, and then takes no more. */
export const encodeDocument = (document: unknown): string =>
  JSON.stringify(document).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');

/** Splits text into `doc0`, `doc1`, … without tearing a surrogate pair apart. */
export function inlineProperties(text: string): Record<string, string> {
  const properties: Record<string, string> = {};
  let from = 0;
  for (let index = 0; from < text.length; index++) {
    let to = Math.min(from + PROPERTY_UNITS, text.length);
    if (to < text.length && isHighSurrogate(text.charCodeAt(to - 1))) to -= 1;
    properties[`doc${index}`] = text.slice(from, to);
    from = to;
  }
  return properties;
}

/** @throws {SpillGone} */
export async function readDocument<T>(entity: Entity, spills: Spills): Promise<T> {
  if (typeof entity.spill === 'string') return JSON.parse(await spills.read(entity.spill)) as T;
  let text = '';
  for (let index = 0; typeof entity[`doc${index}`] === 'string'; index++)
    text += entity[`doc${index}`] as string;
  return JSON.parse(text) as T;
}

const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;
