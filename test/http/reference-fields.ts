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

/** The fields of a request that name objects, as paths without list positions: `messages.attachments.file_id`. */
export function referenceFields(schema: z.ZodType): string[] {
  const root = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  const found = new Set<string>();
  walk(root, root, '', found);
  return [...found].filter((field) => !belongToThePath.has(field));
}

/** @param around what the schema is part of: one that holds itself is walked through once */
function walk(
  root: JsonSchema,
  schema: JsonSchema,
  at: string,
  found: Set<string>,
  around: readonly JsonSchema[] = [],
): void {
  const target = schema.$ref && root.$defs?.[schema.$ref.split('/').at(-1) ?? ''];
  if (target && !around.includes(target)) walk(root, target, at, found, [...around, target]);
  for (const part of [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])]) {
    walk(root, part, at, found, around);
  }
  if (schema.items) walk(root, schema.items, at, found, around);
  for (const [name, part] of Object.entries(schema.properties ?? {})) {
    const field = at === '' ? name : `${at}.${name}`;
    if (NAMES_OBJECTS.test(name)) found.add(field);
    else walk(root, part, field, found, around);
  }
}
