import type { z } from 'zod';

type Schema = z.core.$ZodType;

/**
 * The request without the nulls that stand for "left out". Where a language knows no absent field (Rust's `None`,
 * Python's), programs write one for whatever is not set, also for fields that may only be absent. A null that
 * means something stays, and so does one where a value has to be.
 */
export function withoutNulls(schema: Schema, value: unknown): unknown {
  const definition = definitionOf(schema);
  if (definition.options)
    return definition.options.reduce((rest, option) => withoutNulls(option, rest), value);
  if (Array.isArray(value)) {
    const { element } = definition;
    return element ? value.map((item) => withoutNulls(element, item)) : value;
  }
  const { shape } = definition;
  if (!shape || typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]) => {
      const field = Object.hasOwn(shape, name) ? shape[name] : undefined;
      if (!field) return [[name, member]];
      if (member === null && mayBeAbsent(field) && !mayBeNull(field)) return [];
      return [[name, withoutNulls(field, member)]];
    }),
  );
}

interface Definition {
  /** Of a schema that wraps another one: an optional, a nullable. */
  readonly innerType?: Schema;
  readonly options?: readonly Schema[];
  readonly element?: Schema;
  readonly shape?: Readonly<Record<string, Schema>>;
}

function definitionOf(schema: Schema): Definition {
  const definition = schema._zod.def as Definition;
  return definition.innerType ? definitionOf(definition.innerType) : definition;
}

const mayBeAbsent = (field: Schema): boolean => field._zod.optin === 'optional';

const mayBeNull = (field: Schema): boolean =>
  'safeParse' in field && (field as z.ZodType).safeParse(null).success;
