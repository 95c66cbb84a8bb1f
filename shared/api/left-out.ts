import type { z } from 'zod';

/**
 * Null for a field that may be left out is the field left out: where a language knows no absent field (Go, Rust,
 * Python, PHP) programs write one for whatever is not set, and write back what they have read. The rule is taken
 * from the schemas themselves, so that a new operation has it without being told: a field that is optional and
 * whose schema does not know null may be null, at any depth. Where the schema knows null it stays, for it clears a
 * value, and where a value has to be it stays to be refused.
 */

/**
 * Where the hosted API refused a null all the same, by the place of the field in its request.
 *
 * `parallel_tool_calls` of a run: "expected a boolean, but got null instead". (An attachment without `tools` was
 * refused, too: there the field is required by its schema, and needs no mention here.)
 */
const REFUSED_NULLS: ReadonlySet<string> = new Set(['parallel_tool_calls']);

type Schema = z.core.$ZodType;
type Json = Record<string, unknown>;

/** The request without the nulls that stand for "left out". What holds none is returned as it is. */
export function withoutNulls(schema: Schema, value: unknown, place = ''): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { element, valueType, options, shape } = definitionOf(schema);
  if (options) return ofAlternatives(options, value as Json, place);
  if (Array.isArray(value))
    return element ? mapped(value, (item) => withoutNulls(element, item, `${place}[]`)) : value;
  if (shape) return ofObject(shape, value as Json, place);
  if (!valueType) return value;
  return changed(value as Json, (name, member) => withoutNulls(valueType, member, `${place}.${name}`));
}

function ofObject(shape: Shape, value: Json, place: string): Json {
  return changed(value, (name, member) => {
    const field = Object.hasOwn(shape, name) ? shape[name] : undefined;
    if (!field) return member;
    const path = place === '' ? name : `${place}.${name}`;
    if (member !== null) return withoutNulls(field, member, path);
    return field._zod.optin === 'optional' && !knowsNull(field) && !REFUSED_NULLS.has(path)
      ? undefined
      : null;
  });
}

/** One of several kinds of object: what only the others have may be null, too, as in a class that fits all of them. */
function ofAlternatives(options: readonly Schema[], value: object, place: string): unknown {
  if (Array.isArray(value)) {
    const list = options.find((option) => definitionOf(option).element);
    return list ? withoutNulls(list, value, place) : value;
  }
  const kinds = options.flatMap(kindsOf);
  const meant = kinds.filter((shape) => mayBe(shape, value as Json));
  const [first] = meant;
  if (!first) return value;
  const known = new Set(kinds.flatMap((shape) => Object.keys(shape)));
  const own = new Set(meant.flatMap((shape) => Object.keys(shape)));
  const rest = changed(value as Json, (name, member) =>
    member === null && known.has(name) && !own.has(name) ? undefined : member,
  );
  return meant.reduce((left, shape) => ofObject(shape, left, place), rest);
}

/** The kinds of object that a schema accepts. */
function kindsOf(schema: Schema): Shape[] {
  const { options, shape } = definitionOf(schema);
  return options ? options.flatMap(kindsOf) : shape ? [shape] : [];
}

/** Whether the fields that tell one kind from another, such as `type`, speak for this one. */
const mayBe = (shape: Shape, value: Json): boolean =>
  Object.entries(shape).every(([name, field]) => {
    const { values, entries } = definitionOf(field);
    const expected = values ?? (entries && Object.values(entries));
    return !expected || field._zod.optin === 'optional' || expected.includes(value[name]);
  });

/** The object with other members, of which undefined are left out; itself where nothing changes. */
function changed(value: Json, change: (name: string, member: unknown) => unknown): Json {
  const before = Object.entries(value);
  const after = before.map(([name, member]) => [name, change(name, member)] as const);
  if (after.every(([, member], index) => member === before[index]?.[1])) return value;
  return Object.fromEntries(after.filter(([, member]) => member !== undefined));
}

function mapped(list: readonly unknown[], change: (item: unknown) => unknown): readonly unknown[] {
  const after = list.map(change);
  return after.every((item, index) => item === list[index]) ? list : after;
}

type Shape = Readonly<Record<string, Schema>>;

interface Definition {
  /** Of a schema that wraps another one: an optional, a nullable, a default. */
  readonly innerType?: Schema;
  /** Of one that changes what it has read. */
  readonly in?: Schema;
  readonly getter?: () => Schema;
  readonly options?: readonly Schema[];
  readonly element?: Schema;
  readonly shape?: Shape;
  readonly valueType?: Schema;
  readonly values?: readonly unknown[];
  readonly entries?: Readonly<Record<string, unknown>>;
}

function definitionOf(schema: Schema): Definition {
  const definition = schema._zod.def as Definition;
  const inner = definition.innerType ?? definition.in ?? definition.getter?.();
  return inner ? definitionOf(inner) : definition;
}

const known = new WeakMap<Schema, boolean>();

/** Whether null is a value of this field. */
export function knowsNull(field: Schema): boolean {
  const answer = known.get(field) ?? (field as z.ZodType).safeParse(null).success;
  known.set(field, answer);
  return answer;
}
