import { z } from 'zod';

import {
  assistantFileObject,
  assistantObject,
  errorObject,
  fileObject,
  messageFileObject,
  messageObject,
  modelObject,
  threadObject,
  uploadObject,
  uploadPartObject,
} from './answers.ts';
import { type Operation, type OperationName, operations } from './operations.ts';
import { runObject, runStepObject } from './run-answers.ts';

/** Named schemas of answers; names as in the hosted API's document where it has them. */
const objects = {
  AssistantObject: assistantObject,
  ThreadObject: threadObject,
  MessageObject: messageObject,
  AssistantFileObject: assistantFileObject,
  MessageFileObject: messageFileObject,
  RunObject: runObject,
  RunStepObject: runStepObject,
  OpenAIFile: fileObject,
  Upload: uploadObject,
  UploadPart: uploadPartObject,
  Model: modelObject,
  ErrorResponse: errorObject,
};
type ObjectName = keyof typeof objects;

type Answer =
  | { readonly one: ObjectName }
  | { readonly list: ObjectName }
  | { readonly deleted: string }
  /** Not JSON: the media type. */
  | { readonly bytes: string };

const answers: Record<OperationName, Answer> = {
  listAssistants: { list: 'AssistantObject' },
  createAssistant: { one: 'AssistantObject' },
  getAssistant: { one: 'AssistantObject' },
  modifyAssistant: { one: 'AssistantObject' },
  deleteAssistant: { deleted: 'assistant.deleted' },
  listAssistantFiles: { list: 'AssistantFileObject' },
  createAssistantFile: { one: 'AssistantFileObject' },
  getAssistantFile: { one: 'AssistantFileObject' },
  deleteAssistantFile: { deleted: 'assistant.file.deleted' },
  listThreads: { list: 'ThreadObject' },
  createThread: { one: 'ThreadObject' },
  createThreadAndRun: { one: 'RunObject' },
  getThread: { one: 'ThreadObject' },
  modifyThread: { one: 'ThreadObject' },
  deleteThread: { deleted: 'thread.deleted' },
  listMessages: { list: 'MessageObject' },
  createMessage: { one: 'MessageObject' },
  getMessage: { one: 'MessageObject' },
  modifyMessage: { one: 'MessageObject' },
  deleteMessage: { deleted: 'thread.message.deleted' },
  listMessageFiles: { list: 'MessageFileObject' },
  getMessageFile: { one: 'MessageFileObject' },
  listRuns: { list: 'RunObject' },
  createRun: { one: 'RunObject' },
  getRun: { one: 'RunObject' },
  modifyRun: { one: 'RunObject' },
  cancelRun: { one: 'RunObject' },
  submitToolOutputs: { one: 'RunObject' },
  followRunEvents: { bytes: 'text/event-stream' },
  listRunSteps: { list: 'RunStepObject' },
  getRunStep: { one: 'RunStepObject' },
  listFiles: { list: 'OpenAIFile' },
  createFile: { one: 'OpenAIFile' },
  getFile: { one: 'OpenAIFile' },
  deleteFile: { deleted: 'file' },
  getFileContent: { bytes: 'application/octet-stream' },
  createUpload: { one: 'Upload' },
  addUploadPart: { one: 'UploadPart' },
  completeUpload: { one: 'Upload' },
  cancelUpload: { one: 'Upload' },
  listModels: { list: 'Model' },
  getModel: { one: 'Model' },
  deleteModel: { deleted: 'model' },
};

type Json = Record<string, unknown>;

const ref = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });
const requestName = (operation: string): string =>
  `${operation.charAt(0).toUpperCase()}${operation.slice(1)}Request`;

/** The OpenAPI document of this API, made from the very schemas that check the requests. */
export function openApiDocument(): Json {
  const paths: Record<string, Json> = {};
  for (const [name, operation] of Object.entries(operations) as [OperationName, Operation][]) {
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
      schemas: { ...namedSchemas(objects, 'output'), ...namedSchemas(requests(), 'input') },
    },
  };
}

function requests(): Record<string, z.ZodType> {
  const bodies = Object.entries(operations).flatMap(([name, operation]) =>
    'body' in operation ? [[requestName(name), operation.body] as const] : [],
  );
  return Object.fromEntries(bodies);
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
  const made = z.toJSONSchema(registry, { io, uri: (id) => `#/components/schemas/${id}` }).schemas;
  const plain = Object.entries(made).map(([name, schema]) => {
    const { $schema: _version, $id: _place, ...rest } = schema;
    return [name, rest];
  });
  return { ...Object.fromEntries(plain), ...aliases };
}

function describe(name: OperationName, operation: Operation): Json {
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
      200: { description: 'OK', content: answerContent(answers[name]) },
      default: { description: 'Refused', content: { 'application/json': { schema: ref('ErrorResponse') } } },
    },
  };
}

function requestBody(name: OperationName, operation: Operation): Json | undefined {
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

function answerContent(answer: Answer): Json {
  if ('bytes' in answer) {
    return { [answer.bytes]: { schema: { type: 'string', format: 'binary' } } };
  }
  return { 'application/json': { schema: answerSchema(answer) } };
}

function answerSchema(answer: Exclude<Answer, { bytes: string }>): Json {
  if ('one' in answer) return ref(answer.one);
  const object = (properties: Json) => ({ type: 'object', properties, required: Object.keys(properties) });
  if ('deleted' in answer) {
    return object({
      id: { type: 'string' },
      object: { const: answer.deleted },
      deleted: { type: 'boolean' },
    });
  }
  const data = { object: { const: 'list' }, data: { type: 'array', items: ref(answer.list) } };
  if (answer.list === 'Model') return object(data);
  const id = { type: ['string', 'null'] };
  return object({ ...data, first_id: id, last_id: id, has_more: { type: 'boolean' } });
}
