/** What a search is narrowed to by the attributes of files; `shared/api` has the schema that requests are held against. */

export type AttributeValue = string | number | boolean;

/** Up to 16 pairs, as the API allows them for a file in a vector store; null means none. */
export type Attributes = Readonly<Record<string, AttributeValue>>;

export type ComparisonFilter =
  | {
      readonly type: 'eq' | 'ne' | 'gt' | 'gte' | 'lt' | 'lte';
      readonly key: string;
      readonly value: AttributeValue;
    }
  | {
      readonly type: 'in' | 'nin';
      readonly key: string;
      readonly value: readonly AttributeValue[];
    };

export interface CompoundFilter {
  readonly type: 'and' | 'or';
  readonly filters: readonly Filter[];
}

export type Filter = ComparisonFilter | CompoundFilter;

/**
 * Whether a file with these attributes is searched. A file without the key is met by none of the comparisons
 * but `ne` and `nin`. Values of different types are never equal and have no order.
 */
export function matches(filter: Filter, attributes: Attributes | null): boolean {
  switch (filter.type) {
    case 'and':
      return filter.filters.every((each) => matches(each, attributes));
    case 'or':
      return filter.filters.some((each) => matches(each, attributes));
    default:
      return compares(
        filter,
        attributes && Object.hasOwn(attributes, filter.key) ? attributes[filter.key] : undefined,
      );
  }
}

function compares(filter: ComparisonFilter, actual: AttributeValue | undefined): boolean {
  switch (filter.type) {
    case 'eq':
      return actual === filter.value;
    case 'ne':
      return actual !== filter.value;
    case 'in':
      return actual !== undefined && filter.value.includes(actual);
    case 'nin':
      return actual === undefined || !filter.value.includes(actual);
    case 'gt':
      return inOrder(actual, filter.value) && actual > filter.value;
    case 'gte':
      return inOrder(actual, filter.value) && actual >= filter.value;
    case 'lt':
      return inOrder(actual, filter.value) && actual < filter.value;
    case 'lte':
      return inOrder(actual, filter.value) && actual <= filter.value;
  }
}

const inOrder = (actual: AttributeValue | undefined, value: AttributeValue): actual is AttributeValue =>
  typeof actual === typeof value && typeof value !== 'boolean';
