import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { z } from 'zod';

import { createAssistant, modifyAssistant } from '../../shared/api/assistant.ts';
import { knowsNull } from '../../shared/api/left-out.ts';
import { createMessage } from '../../shared/api/message.ts';
import { createRun, createThreadAndRun, modifyRun } from '../../shared/api/run.ts';
import { createThread, modifyThread } from '../../shared/api/thread.ts';
import { createUpload } from '../../shared/api/upload.ts';
import { validate } from '../../shared/api/validate.ts';
import { operations } from '../../shared/operations/all.ts';
import { nullable, type OptionalField } from './optional-fields.ts';

const model = 'gpt-4o';
const thread = (message: object) => ({ messages: [{ role: 'user', content: 'Hi', ...message }] });

interface Written {
  readonly who: string;
  readonly schema: z.ZodType;
  readonly body: object;
  /** The same as its author meant it. */
  readonly meant: object;
}

/** What programs in the field write for "not set", with where they do. */
const written: readonly Written[] = [
  {
    who: 'AutoGen modifies a thread (microsoft/autogen, autogen_ext.agents.openai)',
    schema: modifyThread,
    body: { tool_resources: { code_interpreter: { file_ids: ['file-1'] }, file_search: null } },
    meant: { tool_resources: { code_interpreter: { file_ids: ['file-1'] } } },
  },
  {
    who: 'agency-swarm modifies an assistant (VRSEN/agency-swarm)',
    schema: modifyAssistant,
    body: { model: null, tools: null, tool_resources: { code_interpreter: null, file_search: null } },
    meant: { tool_resources: {} },
  },
  {
    who: 'go-openai leaves parameters, files and stores nil (sashabaranov/go-openai assistant.go)',
    schema: createAssistant,
    body: {
      model,
      tools: [{ type: 'function', function: { name: 'f', parameters: null } }],
      tool_resources: { code_interpreter: { file_ids: null }, file_search: { vector_store_ids: null } },
    },
    meant: {
      model,
      tools: [{ type: 'function', function: { name: 'f' } }],
      tool_resources: { code_interpreter: {}, file_search: {} },
    },
  },
  {
    who: 'go-openai leaves the tools of an attachment nil (sashabaranov/go-openai thread.go)',
    schema: createThread,
    body: thread({ file_ids: null, attachments: [{ file_id: 'file-1', tools: null }] }),
    meant: thread({ file_ids: null, attachments: [{ file_id: 'file-1', tools: null }] }),
  },
  {
    who: 'async-openai writes None (64bit/async-openai, types/assistants)',
    schema: createThreadAndRun,
    body: {
      assistant_id: 'asst_1',
      thread: {
        ...thread({ content: [{ type: 'image_file', image_file: { file_id: 'file-1', detail: null } }] }),
        tool_resources: { file_search: { vector_stores: [{ file_ids: null, chunking_strategy: null }] } },
      },
      tools: [{ type: 'file_search', file_search: { max_num_results: null, ranking_options: null } }],
    },
    meant: {
      assistant_id: 'asst_1',
      thread: {
        ...thread({ content: [{ type: 'image_file', image_file: { file_id: 'file-1' } }] }),
        tool_resources: { file_search: { vector_stores: [{}] } },
      },
      tools: [{ type: 'file_search', file_search: {} }],
    },
  },
  {
    who: 'a user writes back what the Python SDK has read (`[t.model_dump() for t in assistant.tools]`)',
    schema: modifyAssistant,
    body: {
      tools: [
        { type: 'function', function: { name: 'f', description: null, parameters: null, strict: false } },
        { type: 'file_search', file_search: null },
      ],
    },
    meant: { tools: [{ type: 'function', function: { name: 'f', strict: false } }, { type: 'file_search' }] },
  },
  {
    who: 'a class that fits every kind of tool, content and choice writes the others as null',
    schema: createThreadAndRun,
    body: {
      assistant_id: 'asst_1',
      thread: thread({ content: [{ type: 'text', text: 'Hi', image_file: null, image_url: null }] }),
      tools: [{ type: 'code_interpreter', function: null, file_search: null }],
      tool_choice: { type: 'code_interpreter', function: null },
      response_format: { type: 'json_object', json_schema: null },
    },
    meant: {
      assistant_id: 'asst_1',
      thread: thread({ content: [{ type: 'text', text: 'Hi' }] }),
      tools: [{ type: 'code_interpreter' }],
      tool_choice: { type: 'code_interpreter' },
      response_format: { type: 'json_object' },
    },
  },
];

for (const { who, schema, body, meant } of written) {
  test(`null is absence: ${who}`, () => {
    assert.deepEqual(validate(schema, body), validate(schema, meant));
  });
}

/** Recorded: "Invalid type for 'parallel_tool_calls': expected a boolean, but got null instead." */
const REFUSED = ['createThreadAndRun parallel_tool_calls', 'createRun parallel_tool_calls'];

test('every optional field of every operation may be null, at any depth, but for those that are listed', () => {
  const refused: string[] = [];
  let tried = 0;
  for (const [name, operation] of Object.entries(operations)) {
    if (!('body' in operation)) continue;
    const { body: schema } = operation as { body: z.ZodType };
    for (const field of nullable(schema) as OptionalField[]) {
      tried += 1;
      try {
        const given = validate(schema, field.withNull);
        // What the schema itself gives a meaning keeps it; anything else is the same as absence.
        if (!knowsNull(field.schema)) assert.deepEqual(given, validate(schema, field.without), field.path);
      } catch (error) {
        if ((error as Error).name !== 'ApiError') throw error;
        refused.push(`${name} ${field.path}`);
      }
    }
  }
  assert.deepEqual(refused, REFUSED);
  assert.ok(tried > 150, `only ${tried} fields were found`);
});

test('where null clears a value, it is kept', () => {
  const cleared = { name: null, description: null, instructions: null, metadata: null, temperature: null };
  assert.deepEqual(validate(modifyAssistant, cleared), cleared);
  assert.deepEqual(validate(modifyAssistant, { tool_resources: null }), { tool_resources: null });
  assert.deepEqual(validate(modifyThread, { tool_resources: null }), { tool_resources: null });
});

test('null is refused where a value has to be, and where nothing is known that may be absent', () => {
  const rows: [z.ZodType, object, string][] = [
    [createAssistant, { model: null }, 'model'],
    [createMessage, { role: null, content: 'x' }, 'role'],
    [createMessage, { role: 'user', content: null }, 'content'],
    [createMessage, { role: 'user', content: [{ type: 'text', text: null }] }, 'content[0].text'],
    [createMessage, { role: 'user', content: 'x', metadata: { a: null } }, 'metadata.a'],
    [createMessage, { role: 'user', content: 'x', attachments: [{ file_id: 'f' }] }, 'attachments[0].tools'],
    [createThread, { messages: [null] }, 'messages[0]'],
    [createThread, { unknown: null }, 'unknown'],
    [createAssistant, { model, tools: [{ type: 'function', function: null }] }, 'tools[0].function'],
    [createAssistant, { model, tools: [{ type: 'code_interpreter', foo: null }] }, 'tools[0].foo'],
    [createRun, { assistant_id: 'asst_1', parallel_tool_calls: null }, 'parallel_tool_calls'],
    [createUpload, { filename: 'a', purpose: 'vision', bytes: null, mime_type: 'x' }, 'bytes'],
  ];
  for (const [schema, body, param] of rows) assert.throws(() => validate(schema, body), { param });
});

/** openai-php's README: `$client->threads()->create([])`, which PHP's json_encode writes as a list. */
test('a list without members is an empty object, as the whole body and where that may be empty', () => {
  for (const schema of [createThread, modifyThread, modifyAssistant, modifyRun]) {
    assert.deepEqual(validate(schema, []), {});
  }
  assert.throws(() => validate(createAssistant, []), { code: 'invalid_type', param: null });
  assert.throws(() => validate(createThread, [{}]), { code: 'invalid_type', param: null });
  // Recorded as a refusal.
  assert.throws(() => validate(createThread, { metadata: [] }), { code: 'invalid_type', param: 'metadata' });
});

test('what holds no such null is not copied', () => {
  const parameters = { type: 'object', properties: { a: { default: null } } };
  const body = { model, tools: [{ type: 'function', function: { name: 'f', parameters } }] };
  assert.deepEqual(validate(createAssistant, body), body);
});
