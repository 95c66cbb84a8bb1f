import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The parts of JSON Schema (and of OpenAPI 3.0's `nullable`) that the public document uses for answers. */
interface Schema {
  readonly $ref?: string;
  readonly nullable?: boolean;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
}

interface Document {
  readonly paths: Record<
    string,
    Record<string, { responses?: Record<string, { content?: Record<string, { schema: Schema }> }> }>
  >;
  readonly components: { readonly schemas: Record<string, Schema> };
}

/** The public OpenAPI document, where a copy is at hand: the last word on fields and types. */
export interface PublicDocument {
  /** `GET /assistants` and so on, without what this project does not have. */
  readonly operations: readonly string[];
  /** What is wrong with an answer; nothing for operations that are not in the document. */
  checkAnswer(method: string, path: string, answer: unknown): string[];
  checkRefusal(answer: unknown): string[];
  checkEvent(event: string, data: unknown): string[];
}

const project = fileURLToPath(new URL('../..', import.meta.url));

/** The file that OPENAPI_DOCUMENT names, or a copy that lies beside the checkout; undefined without either. */
export function findDocument(): string | undefined {
  if (process.env.OPENAPI_DOCUMENT) return process.env.OPENAPI_DOCUMENT;
  const [beside] = globSync('../*/openapi/assistants-v2.openapi.json', { cwd: project });
  return beside && `${project}/${beside}`;
}

export function readDocument(file: string): PublicDocument {
  const { paths, components } = JSON.parse(readFileSync(file, 'utf8')) as Document;
  const check = (schema: Schema, value: unknown) =>
    [...problems(components.schemas, schema, value, '')].filter(
      (problem) => !RECORDED.some((known) => known.test(problem)),
    );
  const named = (name: string, value: unknown) => check({ $ref: `/${name}` }, value);
  return {
    operations: Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    ),
    checkAnswer(method, path, answer) {
      const content = paths[path]?.[method.toLowerCase()]?.responses?.['200']?.content;
      const schema = content?.['application/json']?.schema;
      return schema ? check(schema, answer) : [];
    },
    checkRefusal: (answer) => named('ErrorResponse', answer),
    checkEvent: (event, data) => named('AssistantStreamEvent', { event, data }),
  };
}

type Schemas = Readonly<Record<string, Schema>>;

/** Where the hosted API was seen to do other than the document says, and Hourglass does as it did. */
const RECORDED: readonly RegExp[] = [
  // It took 16 and answered it; the document begins at 256.
  /^\.max_(prompt|completion)_tokens: out of range$/,
  // Clients read it (semantic-kernel#12752); the document has the other two reasons only.
  /^\.(data\.)?incomplete_details\.reason: "content_filter" is not in the enum$/,
];

/** An empty list has ids of nothing; the document forgot them, the API did not. */
const isForgottenNull = (at: string) => at === '.first_id' || at === '.last_id';

function* problems(schemas: Schemas, schema: Schema, value: unknown, at: string): Generator<string> {
  const isNullable = schema.nullable || schema.allOf?.some((part) => part.nullable);
  if (value === null && (isNullable || isForgottenNull(at))) return;
  const inside = (part: Schema, item: unknown, path: string) => problems(schemas, part, item, path);
  if (schema.$ref) {
    const target = schemas[schema.$ref.split('/').at(-1) ?? ''];
    if (target) yield* inside(target, value, at);
    else yield `${at}: the document has no ${schema.$ref}`;
  }
  for (const part of schema.allOf ?? []) yield* inside(part, value, at);
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives) {
    const tried = alternatives.map((part) => [...inside(part, value, at)]);
    const closest = tried.toSorted((a, b) => a.length - b.length)[0];
    if (closest && closest.length > 0) yield* closest;
  }
  yield* own(schema, value, at);
  if (Array.isArray(value) && schema.items) {
    for (const [index, item] of value.entries()) yield* inside(schema.items, item, `${at}[${index}]`);
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, item] of Object.entries(value)) {
      const part = schema.properties?.[name] ?? schema.additionalProperties;
      if (typeof part === 'object') yield* inside(part, item, `${at}.${name}`);
    }
  }
}

/** What a schema says itself, without its parts. */
function* own(schema: Schema, value: unknown, at: string): Generator<string> {
  const types = [schema.type ?? []].flat();
  if (types.length > 0 && !types.some((type) => isOf(type, value))) {
    yield `${at}: expected ${types.join(' or ')}, got ${JSON.stringify(value)?.slice(0, 100)}`;
    return;
  }
  if (schema.enum && !schema.enum.includes(value)) yield `${at}: ${JSON.stringify(value)} is not in the enum`;
  if (typeof value === 'number') {
    if (value < (schema.minimum ?? value) || value > (schema.maximum ?? value)) yield `${at}: out of range`;
  }
  if (typeof value === 'string' && [...value].length > (schema.maxLength ?? Infinity))
    yield `${at}: too long`;
  if (Array.isArray(value) && value.length > (schema.maxItems ?? Infinity)) yield `${at}: too many`;
  if (typeof value === 'object' && value !== null) {
    for (const name of schema.required ?? []) if (!(name in value)) yield `${at}.${name}: missing`;
  }
}

function isOf(type: string, value: unknown): boolean {
  switch (type) {
    case 'integer':
      return Number.isInteger(value);
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    default:
      return typeof value === type;
  }
}
