import { z } from 'zod';

import { errorObject } from '../api/answers.ts';
import { operations } from './all.ts';
import type { Answer, Operation } from './operation.ts';

type Json = Record<string, unknown>;

const COMPONENTS = '#/components/schemas/';

const ref = (name: string): Json => ({ $ref: `${COMPONENTS}${name}` });
const requestName = (operation: string): string =>
  `${operation.charAt(0).toUpperCase()}${operation.slice(1)}Request`;

/** The OpenAPI document of this API, made from the very schemas that check the requests. */
export function openApiDocument(): Json {
  const paths: Record<string, Json> = {};
  for (const [name, operation] of Object.entries<Operation>(operations)) {
    const path = paths[operation.path] ?? {};
    paths[operation.path] = { ...path, [operation.method.toLowerCase()]: describe(name, operation) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Hourglass: the Assistants API in your own subscription',
      version: '2',
      description: 'Works with the official OpenAI and Azure OpenAI clients: only the base URL changes.',
    },
    servers: [{ url: '/v1' }, { url: '/openai/v1' }, { url: '/openai' }],
    security: [{ bearer: [] }, { apiKey: [] }],
    paths,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        apiKey: { type: 'apiKey', in: 'header', name: 'api-key' },
      },
      schemas: { ...namedSchemas(answers(), 'output'), ...namedSchemas(requests(), 'input') },
    },
  };
}

function requests(): Record<string, z.ZodType> {
  const bodies = Object.entries<Operation>(operations).flatMap(([name, { body }]) =>
    body ? [[requestName(name), body] as const] : [],
  );
  return Object.fromEntries(bodies);
}

/** The objects that are answered, by the names that they carry. */
function answers(): Record<string, z.ZodType> {
  const objects = Object.values<Operation>(operations).flatMap(({ answer }) => {
    if ('one' in answer) return [answer.one];
    return 'list' in answer ? [answer.list] : [];
  });
  return Object.fromEntries([...objects, errorObject].map((schema) => [nameOf(schema), schema]));
}

function nameOf(schema: z.ZodType): string {
  const name = schema.meta()?.id;
  if (name === undefined)
    throw new Error('An object that is answered has no name: .meta({ id }) gives it one.');
  return name;
}

function namedSchemas(schemas: Record<string, z.ZodType>, io: 'input' | 'output'): Json {
  const registry = z.registry<{ id: string }>();
  // A schema that two operations share is described under the first name, and referred to from the other.
  const first = new Map<z.ZodType, string>();
  const aliases: Json = {};
  for (const [name, schema] of Object.entries(schemas)) {
    const known = first.get(schema);
    if (known !== undefined) {
      aliases[name] = ref(known);
      continue;
    }
    first.set(schema, name);
    registry.add(schema, { id: name });
  }
  const { schemas: made } = z.toJSONSchema(registry, { io, uri: (id) => `${COMPONENTS}${id}` });
  const { __shared: shared, ...named } = made as Record<string, Json>;
  const plain = Object.entries(named).map(([name, schema]) => {
    const { $schema: _version, $id: _place, ...rest } = schema;
    return [name, rest];
  });
  return { ...inComponents({ ...Object.fromEntries(plain), ...(shared?.$defs as Json) }), ...aliases };
}

/** What contains itself, as filters do, zod keeps in a place of its own; here it is a component like others. */
function inComponents(schemas: Json): Json {
  const nameless = Object.keys(schemas).find((name) => /^schema\d+$/.test(name));
  if (nameless) throw new Error('A schema that contains itself has no name: .meta({ id }) gives it one.');
  return JSON.parse(JSON.stringify(schemas).replaceAll(`${COMPONENTS}__shared#/$defs/`, COMPONENTS)) as Json;
}

function describe(name: string, operation: Operation): Json {
  const body = requestBody(name, operation);
  return {
    operationId: name,
    summary: operation.summary,
    ...(operation.only === 'v1'
      ? { deprecated: true, description: 'Only with `OpenAI-Beta: assistants=v1`.' }
      : {}),
    parameters: [...pathParameters(operation.path), ...queryParameters(operation.query)],
    ...(body ? { requestBody: body } : {}),
    responses: {
      200: { description: 'OK', content: answerContent(operation) },
      default: { description: 'Refused', content: { 'application/json': { schema: ref('ErrorResponse') } } },
    },
  };
}

function requestBody(name: string, operation: Operation): Json | undefined {
  if (operation.body) {
    return { required: true, content: { 'application/json': { schema: ref(requestName(name)) } } };
  }
  if (!operation.form) return undefined;
  const fields = operation.form.fields
    ? inline(operation.form.fields)
    : { type: 'object', properties: {}, required: [] };
  const { properties, required } = fields as { properties: Json; required?: string[] };
  const { file } = operation.form;
  const schema = {
    type: 'object',
    properties: { [file]: { type: 'string', format: 'binary' }, ...properties },
    required: [file, ...(required ?? [])],
    additionalProperties: false,
  };
  return { required: true, content: { 'multipart/form-data': { schema } } };
}

function pathParameters(path: string): Json[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
}

function queryParameters(query: z.ZodObject | undefined): Json[] {
  if (!query) return [];
  const { properties } = inline(query) as { properties: Json };
  return Object.entries(properties).map(([name, schema]) => ({
    name: name === 'include' ? 'include[]' : name,
    in: 'query',
    required: false,
    schema,
  }));
}

function inline(schema: z.ZodType): Json {
  const { $schema: _version, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  return rest;
}

function answerContent({ answer, query }: Operation): Json {
  if ('bytes' in answer) {
    return { [answer.bytes]: { schema: { type: 'string', format: 'binary' } } };
  }
  return { 'application/json': { schema: answerSchema(answer, query !== undefined) } };
}

function answerSchema(answer: Exclude<Answer, { bytes: string }>, inPages: boolean): Json {
  if ('one' in answer) return ref(nameOf(answer.one));
  const object = (properties: Json) => ({ type: 'object', properties, required: Object.keys(properties) });
  if ('deleted' in answer) {
    return object({
      id: { type: 'string' },
      object: { const: answer.deleted },
      deleted: { type: 'boolean' },
    });
  }
  const data = { object: { const: 'list' }, data: { type: 'array', items: ref(nameOf(answer.list)) } };
  if (!inPages) return object(data);
  const id = { type: ['string', 'null'] };
  return object({ ...data, first_id: id, last_id: id, has_more: { type: 'boolean' } });
}
