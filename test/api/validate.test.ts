/** One table: every refusal of every request schema, in the API’s words. It is long because the API is; a row is one line of the contract. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { z } from 'zod';

import { createAssistant } from '../../shared/api/assistant.ts';
import { ApiError } from '../../shared/api/error.ts';
import { createMessage } from '../../shared/api/message.ts';
import { createRun, createThreadAndRun, submitToolOutputs } from '../../shared/api/run.ts';
import { createThread } from '../../shared/api/thread.ts';
import { createUpload } from '../../shared/api/upload.ts';
import { validate } from '../../shared/api/validate.ts';

interface Refused {
  says: string;
  schema: z.ZodType;
  body: unknown;
  message: string;
  param: string | null;
  code: string | null;
}

const model = 'gpt-4o';
const fn = (fields: object) => ({ model, tools: [{ type: 'function', function: fields }] });
const long = (length: number) => 'x'.repeat(length);

const refused: Refused[] = [
  {
    says: 'a missing field',
    schema: createAssistant,
    body: {},
    message: "Missing required parameter: 'model'.",
    param: 'model',
    code: 'missing_required_parameter',
  },
  {
    says: 'a missing field inside a list',
    schema: createAssistant,
    body: fn({ description: 'no name' }),
    message: "Missing required parameter: 'tools[0].function.name'.",
    param: 'tools[0].function.name',
    code: 'missing_required_parameter',
  },
  {
    says: 'a tool without its type',
    schema: createAssistant,
    body: { model, tools: [{}] },
    message: "Missing required parameter: 'tools[0].type'.",
    param: 'tools[0].type',
    code: 'missing_required_parameter',
  },
  {
    says: 'an unknown kind of tool',
    schema: createAssistant,
    body: { model, tools: [{ type: 'code_interpreter' }, { type: 'browser' }] },
    message:
      "Invalid value: 'browser'. Supported values are: 'code_interpreter', 'file_search', and 'function'.",
    param: 'tools[1].type',
    code: 'invalid_value',
  },
  {
    says: 'a kind of tool that is no string',
    schema: createAssistant,
    body: { model, tools: [{ type: 7 }] },
    message:
      "Invalid type for 'tools[0].type': expected one of 'code_interpreter', 'file_search', or 'function', but got an integer instead.",
    param: 'tools[0].type',
    code: 'invalid_type',
  },
  {
    says: 'an unknown field',
    schema: createAssistant,
    body: { model, foo: 1 },
    message: "Unknown parameter: 'foo'.",
    param: 'foo',
    code: 'unknown_parameter',
  },
  {
    says: 'a misspelt field, rather than that the right one is missing',
    schema: createRun,
    body: { asistant_id: 'asst_x' },
    message: "Unknown parameter: 'asistant_id'. Did you mean 'assistant_id'?",
    param: 'asistant_id',
    code: 'unknown_parameter',
  },
  {
    says: 'a field with a space in its name',
    schema: createAssistant,
    body: { model, 'tool resources': {} },
    message: "Unknown parameter: 'tool resources'. Did you mean 'tool_resources'?",
    param: 'tool resources',
    code: 'unknown_parameter',
  },
  {
    says: 'an unknown field inside a tool',
    schema: createAssistant,
    body: fn({ name: 'f', parameter: {} }),
    message: "Unknown parameter: 'tools[0].function.parameter'. Did you mean 'parameters'?",
    param: 'tools[0].function.parameter',
    code: 'unknown_parameter',
  },
  {
    says: 'a __proto__ field',
    schema: createAssistant,
    body: JSON.parse('{"model":"m","__proto__":{"polluted":true}}'),
    message: "Unknown parameter: '__proto__'.",
    param: '__proto__',
    code: 'unknown_parameter',
  },
  {
    says: 'a string where a number belongs',
    schema: createAssistant,
    body: { model, temperature: '1' },
    message: "Invalid type for 'temperature': expected a number, but got a string instead.",
    param: 'temperature',
    code: 'invalid_type',
  },
  {
    says: 'null where a value has to be',
    schema: createAssistant,
    body: { model: null },
    message: "Invalid type for 'model': expected a string, but got null instead.",
    param: 'model',
    code: 'invalid_type',
  },
  {
    says: 'a body that is a list',
    schema: createAssistant,
    body: [],
    message: 'Invalid type for the request body: expected an object, but got an array instead.',
    param: null,
    code: 'invalid_type',
  },
  {
    says: 'a temperature out of range',
    schema: createAssistant,
    body: { model, temperature: 3 },
    message: "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 3 instead.",
    param: 'temperature',
    code: 'decimal_above_max_value',
  },
  {
    says: 'a whole number below its minimum',
    schema: createRun,
    body: { assistant_id: 'asst_x', max_prompt_tokens: 0 },
    message:
      "Invalid 'max_prompt_tokens': integer below minimum value. Expected a value >= 1, but got 0 instead.",
    param: 'max_prompt_tokens',
    code: 'integer_below_min_value',
  },
  {
    says: 'a decimal where a whole number belongs',
    schema: createRun,
    body: { assistant_id: 'asst_x', max_prompt_tokens: 256.5 },
    message: "Invalid type for 'max_prompt_tokens': expected an integer, but got a decimal number instead.",
    param: 'max_prompt_tokens',
    code: 'invalid_type',
  },
  {
    says: 'a name that is too long',
    schema: createAssistant,
    body: { model, name: long(257) },
    message:
      "Invalid 'name': string too long. Expected a string with maximum length 256, but got a string with length 257 instead.",
    param: 'name',
    code: 'string_above_max_length',
  },
  {
    says: 'an empty model',
    schema: createAssistant,
    body: { model: '' },
    message:
      "Invalid 'model': empty string. Expected a string with minimum length 1, but got an empty string instead.",
    param: 'model',
    code: 'empty_string',
  },
  {
    says: 'too many tools',
    schema: createAssistant,
    body: { model, tools: Array.from({ length: 129 }, () => ({ type: 'code_interpreter' })) },
    message:
      "Invalid 'tools': array too long. Expected an array with maximum length 128, but got an array with length 129 instead.",
    param: 'tools',
    code: 'array_above_max_length',
  },
  {
    says: 'too many files',
    schema: createThread,
    body: {
      tool_resources: { code_interpreter: { file_ids: Array.from({ length: 21 }, (_, i) => `file-${i}`) } },
    },
    message:
      "Invalid 'tool_resources.code_interpreter.file_ids': array too long. Expected an array with maximum length 20, but got an array with length 21 instead.",
    param: 'tool_resources.code_interpreter.file_ids',
    code: 'array_above_max_length',
  },
  {
    says: 'an empty list of content parts',
    schema: createMessage,
    body: { role: 'user', content: [] },
    message:
      "Invalid 'content': empty array. Expected an array with minimum length 1, but got an empty array instead.",
    param: 'content',
    code: 'empty_array',
  },
  {
    says: 'a function name with a space',
    schema: createAssistant,
    body: fn({ name: 'get weather' }),
    message:
      "Invalid 'tools[0].function.name': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.",
    param: 'tools[0].function.name',
    code: 'invalid_value',
  },
  {
    says: 'a role that does not exist',
    schema: createMessage,
    body: { role: 'system', content: 'x' },
    message: "Invalid value: 'system'. Supported values are: 'user' and 'assistant'.",
    param: 'role',
    code: 'invalid_value',
  },
  {
    says: 'content of the wrong type',
    schema: createMessage,
    body: { role: 'user', content: 5 },
    message: "Invalid type for 'content': expected one of a string or an array, but got an integer instead.",
    param: 'content',
    code: 'invalid_type',
  },
  {
    says: 'content that is missing',
    schema: createMessage,
    body: { role: 'user' },
    message: "Missing required parameter: 'content'.",
    param: 'content',
    code: 'missing_required_parameter',
  },
  {
    says: 'empty content',
    schema: createMessage,
    body: { role: 'user', content: '' },
    message: 'Message content must be non-empty.',
    param: 'content',
    code: 'invalid_value',
  },
  {
    says: 'a mistake inside a content part',
    schema: createThread,
    body: { messages: [{ role: 'user', content: [{ type: 'text', text: 5 }] }] },
    message: "Invalid type for 'messages[0].content[0].text': expected a string, but got an integer instead.",
    param: 'messages[0].content[0].text',
    code: 'invalid_type',
  },
  {
    says: 'an image address that is none',
    schema: createMessage,
    body: { role: 'user', content: [{ type: 'image_url', image_url: { url: 'not a url' } }] },
    message:
      "Invalid 'content[0].image_url.url'. Expected a valid URL, but got a value with an invalid format.",
    param: 'content[0].image_url.url',
    code: 'invalid_url',
  },
  {
    says: 'metadata with too many pairs',
    schema: createThread,
    body: { metadata: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`k${i}`, 'v'])) },
    message:
      "Invalid 'metadata': too many properties. Expected an object with at most 16 properties, but got an object with 17 properties instead.",
    param: 'metadata',
    code: 'object_above_max_properties',
  },
  {
    says: 'metadata with a long key',
    schema: createThread,
    body: { metadata: { [long(65)]: 'v' } },
    message:
      "Invalid 'metadata': property name too long. Expected a property name with maximum length 64, but got one with length 65 instead.",
    param: 'metadata',
    code: 'property_name_above_max_length',
  },
  {
    says: 'metadata with a long value',
    schema: createThread,
    body: { metadata: { note: long(513) } },
    message:
      "Invalid 'metadata.note': string too long. Expected a string with maximum length 512, but got a string with length 513 instead.",
    param: 'metadata.note',
    code: 'string_above_max_length',
  },
  {
    says: 'metadata with a number',
    schema: createThread,
    body: { metadata: { note: 1 } },
    message: "Invalid type for 'metadata.note': expected a string, but got an integer instead.",
    param: 'metadata.note',
    code: 'invalid_type',
  },
  {
    says: 'an unknown tool choice',
    schema: createRun,
    body: { assistant_id: 'asst_x', tool_choice: 'any' },
    message: "Invalid value: 'any'. Supported values are: 'none', 'auto', and 'required'.",
    param: 'tool_choice',
    code: 'invalid_value',
  },
  {
    says: 'a tool choice of the wrong type',
    schema: createRun,
    body: { assistant_id: 'asst_x', tool_choice: 3 },
    message:
      "Invalid type for 'tool_choice': expected one of 'none', 'auto', 'required', or an object, but got an integer instead.",
    param: 'tool_choice',
    code: 'invalid_type',
  },
  {
    says: 'a chosen function without a name',
    schema: createRun,
    body: { assistant_id: 'asst_x', tool_choice: { type: 'function' } },
    message: "Missing required parameter: 'tool_choice.function'.",
    param: 'tool_choice.function',
    code: 'missing_required_parameter',
  },
  {
    says: 'a JSON schema without its name',
    schema: createAssistant,
    body: { model, response_format: { type: 'json_schema', json_schema: { schema: {} } } },
    message: "Missing required parameter: 'response_format.json_schema.name'.",
    param: 'response_format.json_schema.name',
    code: 'missing_required_parameter',
  },
  {
    says: 'a truncation to an unknown number of messages',
    schema: createRun,
    body: { assistant_id: 'asst_x', truncation_strategy: { type: 'last_messages' } },
    message: "Missing required parameter: 'truncation_strategy.last_messages'.",
    param: 'truncation_strategy.last_messages',
    code: 'missing_required_parameter',
  },
  {
    says: 'both ways of naming a vector store',
    schema: createThreadAndRun,
    body: {
      assistant_id: 'asst_x',
      thread: { tool_resources: { file_search: { vector_store_ids: ['vs_1'], vector_stores: [{}] } } },
    },
    message: "Only one of 'vector_store_ids' and 'vector_stores' can be given.",
    param: 'thread.tool_resources.file_search.vector_stores',
    code: 'invalid_value',
  },
  {
    says: 'outputs that are no list',
    schema: submitToolOutputs,
    body: { tool_outputs: {} },
    message: "Invalid type for 'tool_outputs': expected an array, but got an object instead.",
    param: 'tool_outputs',
    code: 'invalid_type',
  },
  {
    says: 'an expiry that is too soon',
    schema: createUpload,
    body: {
      filename: 'a',
      purpose: 'assistants',
      bytes: 1,
      mime_type: 'text/plain',
      expires_after: { anchor: 'created_at', seconds: 60 },
    },
    message:
      "Invalid 'expires_after.seconds': integer below minimum value. Expected a value >= 3600, but got 60 instead.",
    param: 'expires_after.seconds',
    code: 'integer_below_min_value',
  },
];

for (const { says, schema, body, message, param, code } of refused) {
  test(`refuses ${says}`, () => {
    assert.throws(
      () => validate(schema, body),
      (error: unknown) => {
        assert.ok(error instanceof ApiError);
        assert.deepEqual(
          {
            status: error.status,
            type: error.type,
            message: error.message,
            param: error.param,
            code: error.code,
          },
          { status: 400, type: 'invalid_request_error', message, param, code },
        );
        return true;
      },
    );
  });
}

test('a message of exactly 256,000 characters is accepted, counted as code points', () => {
  for (const character of ['x', 'é', '漢', '😀']) {
    const content = character.repeat(256_000);
    assert.equal(validate(createMessage, { role: 'user', content }).content, content);
    assert.throws(() => validate(createMessage, { role: 'user', content: `${content}x` }), {
      message:
        "Invalid 'content': string too long. Expected a string with maximum length 256000, but got a string with length 256001 instead.",
      code: 'string_above_max_length',
    });
  }
});

test('absent, null, zero and the empty string stay four different things', () => {
  const parsed = validate(createAssistant, { model, name: '', instructions: null, temperature: 0 });
  assert.equal(parsed.name, '');
  assert.equal(parsed.instructions, null);
  assert.equal(parsed.temperature, 0);
  assert.equal('description' in parsed, false);
});

test('the JSON schemas of functions and formats pass through untouched', () => {
  const parameters = { type: 'object', properties: { a: { $ref: '#/x', anyOf: [null, 1] } }, 'x-y': [[]] };
  const parsed = validate(createAssistant, fn({ name: 'f', parameters, strict: null }));
  assert.deepEqual(parsed.tools, [{ type: 'function', function: { name: 'f', parameters, strict: null } }]);
});

test('a value that is far too long for a message is not repeated whole in the error', () => {
  assert.throws(
    () => validate(createMessage, { role: long(100_000), content: 'x' }),
    (error: ApiError) => error.message.length < 250,
  );
});
