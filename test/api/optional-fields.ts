import type { z } from 'zod';

type Schema = z.core.$ZodType;
type Json = Record<string, unknown>;

/** A field that a request may leave out, and two requests that differ in it alone. */
export interface OptionalField {
  /** `tools[].function.description` */
  readonly path: string;
  readonly schema: Schema;
  readonly withNull: unknown;
  readonly without: unknown;
}

interface Definition {
  readonly type: string;
  readonly innerType?: Schema;
  readonly in?: Schema;
  readonly getter?: () => Schema;
  readonly options?: readonly Schema[];
  readonly element?: Schema;
  readonly shape?: Readonly<Record<string, Schema>>;
  readonly values?: readonly unknown[];
  readonly entries?: Readonly<Record<string, unknown>>;
}

function definitionOf(schema: Schema): Definition {
  const definition = schema._zod.def as unknown as Definition;
  const inner = definition.innerType ?? definition.in ?? definition.getter?.();
  return inner ? definitionOf(inner) : definition;
}

const DEEPEST = 8;

/** Every optional field below a schema, whoever wrote it. */
export function nullable(schema: Schema, path = '', depth = 0): OptionalField[] {
  const { options, element, shape } = definitionOf(schema);
  if (depth > DEEPEST) return [];
  if (options) return options.flatMap((option) => nullable(option, path, depth + 1));
  if (element) {
    return nullable(element, `${path}[]`, depth + 1).map((field) => ({
      ...field,
      withNull: [field.withNull],
      without: [field.without],
    }));
  }
  if (!shape) return [];
  const least = sample(schema) as Json;
  return Object.entries(shape).flatMap(([name, field]) => {
    const place = path === '' ? name : `${path}.${name}`;
    const { [name]: _own, ...rest } = least;
    const inner = nullable(field, place, depth + 1).map((found) => ({
      ...found,
      withNull: { ...least, [name]: found.withNull },
      without: { ...least, [name]: found.without },
    }));
    if (field._zod.optin !== 'optional') return inner;
    return [{ path: place, schema: field, withNull: { ...rest, [name]: null }, without: rest }, ...inner];
  });
}

const TEXTS = ['x', 'https://example.com/', 'text/plain', '2024-01-01'];
const NUMBERS = [1, 0, 400, 800, 3600];

/** The least that a schema takes. */
export function sample(schema: Schema): unknown {
  const { type, options, element, shape, values, entries } = definitionOf(schema);
  if (shape) {
    const required = Object.entries(shape).filter(([, field]) => field._zod.optin !== 'optional');
    return Object.fromEntries(required.map(([name, field]) => [name, sample(field)]));
  }
  if (element) return accepts(schema, []) ? [] : [sample(element)];
  const choices = options?.map(sample) ?? values ?? (entries && Object.values(entries));
  const tries = choices ?? { string: TEXTS, number: NUMBERS, boolean: [true] }[type] ?? [{}];
  const found = tries.find((value) => accepts(schema, value));
  if (found === undefined) throw new Error(`no sample is known of a ${type}`);
  return found;
}

const accepts = (schema: Schema, value: unknown): boolean => (schema as z.ZodType).safeParse(value).success;
