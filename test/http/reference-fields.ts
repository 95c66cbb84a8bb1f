import { z } from 'zod';

interface JsonSchema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
}

/** Fields that name an object, by their names: what a caller sends in them may be somebody else's. */
const NAMES_OBJECTS = /(^|_)(id|ids)$/;
/** Not objects of a project: the calls of one run, the parts of one upload. */
const belongToThePath = new Set(['tool_outputs.tool_call_id', 'part_ids']);
/** There are no vector stores yet: every id of one is refused as unknown. */
const VECTOR_STORES = /(^|\.)tool_resources\.file_search\./;

/** The fields of a request that name objects, as paths without list positions: `messages.attachments.file_id`. */
export function referenceFields(schema: z.ZodType): string[] {
  const root = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  const found = new Set<string>();
  walk(root, root, '', found);
  return [...found].filter((field) => !belongToThePath.has(field) && !VECTOR_STORES.test(field));
}

function walk(root: JsonSchema, schema: JsonSchema, at: string, found: Set<string>): void {
  const target = schema.$ref && root.$defs?.[schema.$ref.split('/').at(-1) ?? ''];
  if (target) walk(root, target, at, found);
  for (const part of [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])]) {
    walk(root, part, at, found);
  }
  if (schema.items) walk(root, schema.items, at, found);
  for (const [name, part] of Object.entries(schema.properties ?? {})) {
    const field = at === '' ? name : `${at}.${name}`;
    if (NAMES_OBJECTS.test(name)) found.add(field);
    else walk(root, part, field, found);
  }
}
