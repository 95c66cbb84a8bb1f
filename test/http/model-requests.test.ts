import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';

import { testApi } from '../support/api.ts';
import type { Turn } from '../support/scripted-turn.ts';
import { type Json, play, type Scene } from './model-scene.ts';

/** What callers ask for, as the model's server sees it: asserted on the requests that the scripted model received. */
const api = await testApi({ MODELS: 'scripted,other' });
after(() => api[Symbol.asyncDispose]());
beforeEach(() => api.engine.model.reset());

const f = {
  type: 'function',
  function: { name: 'f', parameters: { type: 'object', properties: {} } },
} as const;
const g = { type: 'function', function: { name: 'g', description: 'Does g.', strict: true } } as const;
const callF: Turn = { toolCalls: [{ name: 'f', arguments: '{}', id: 'call_f' }] };

/** Each row: what is asked for, and the fields of the first request that must follow from it. */
const rows: readonly (Scene & { readonly says: string; readonly sends: Json })[] = [
  {
    says: 'nothing but model and messages when nothing else is asked for',
    sends: {
      model: 'scripted',
      messages: [{ role: 'user', content: 'Hi' }],
      tools: undefined,
      tool_choice: undefined,
      parallel_tool_calls: undefined,
      response_format: undefined,
      temperature: undefined,
      top_p: undefined,
      reasoning_effort: undefined,
      max_completion_tokens: undefined,
      max_tokens: undefined,
    },
  },
  {
    says: 'what the assistant sets',
    assistant: {
      instructions: 'Be kind.',
      temperature: 0,
      top_p: 0.1,
      reasoning_effort: 'high',
      response_format: { type: 'json_object' },
      tools: [f, g],
    },
    sends: {
      messages: [
        { role: 'system', content: 'Be kind.' },
        { role: 'user', content: 'Hi' },
      ],
      temperature: 0,
      top_p: 0.1,
      reasoning_effort: 'high',
      response_format: { type: 'json_object' },
      tools: [f, g],
      tool_choice: undefined,
      parallel_tool_calls: undefined,
    },
  },
  {
    says: 'what the run sets, before what the assistant sets',
    assistant: { model: 'scripted', instructions: 'Be kind.', temperature: 1, top_p: 1, tools: [f] },
    run: {
      model: 'other',
      instructions: 'Be brief.',
      temperature: 2,
      top_p: 0,
      reasoning_effort: 'minimal',
      tools: [g],
    },
    sends: {
      model: 'other',
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hi' },
      ],
      temperature: 2,
      top_p: 0,
      reasoning_effort: 'minimal',
      tools: [g],
    },
  },
  {
    says: 'what the assistant sets where the run says null',
    assistant: { instructions: 'Be kind.', temperature: 0.5, tools: [f], response_format: { type: 'text' } },
    run: {
      model: null,
      instructions: null,
      temperature: null,
      top_p: null,
      tools: null,
      response_format: null,
    },
    sends: {
      model: 'scripted',
      messages: [
        { role: 'system', content: 'Be kind.' },
        { role: 'user', content: 'Hi' },
      ],
      temperature: 0.5,
      top_p: undefined,
      tools: [f],
      response_format: { type: 'text' },
    },
  },
  {
    says: 'no tools for a run that has none, whatever the assistant has',
    assistant: { tools: [f] },
    run: { tools: [], parallel_tool_calls: false, tool_choice: 'required' },
    sends: { tools: undefined, tool_choice: undefined, parallel_tool_calls: undefined },
  },
  {
    says: 'additional instructions after two newlines',
    assistant: { instructions: 'Be kind.' },
    run: { additional_instructions: 'Be brief.' },
    sends: {
      messages: [
        { role: 'system', content: 'Be kind.\n\nBe brief.' },
        { role: 'user', content: 'Hi' },
      ],
    },
  },
  {
    says: 'additional instructions alone where there are no others',
    run: { additional_instructions: 'Be brief.' },
    sends: {
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hi' },
      ],
    },
  },
  {
    says: 'additional messages after those of the thread, in their order',
    run: {
      additional_messages: [
        { role: 'assistant', content: 'one' },
        { role: 'user', content: 'two' },
      ],
    },
    sends: {
      messages: [
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: 'one' },
        { role: 'user', content: 'two' },
      ],
    },
  },
  ...(['none', 'required'] as const).map((tool_choice) => ({
    says: `the tool choice ${tool_choice}`,
    run: { tools: [f], tool_choice },
    turns: tool_choice === 'none' ? [{ text: 'x' }] : [callF, { text: 'x' }],
    sends: { tools: [f], tool_choice },
  })),
  {
    says: 'the tool choice auto, which is the default, unsaid',
    run: { tools: [f], tool_choice: 'auto' },
    sends: { tools: [f], tool_choice: undefined },
  },
  {
    says: 'the function that the run names',
    run: { tools: [f, g], tool_choice: { type: 'function', function: { name: 'f' } } },
    turns: [callF, { text: 'x' }],
    sends: { tools: [f, g], tool_choice: { type: 'function', function: { name: 'f' } } },
  },
  {
    says: 'the code interpreter as the function it is offered as',
    run: { tools: [{ type: 'code_interpreter' }], tool_choice: { type: 'code_interpreter' } },
    sends: { tool_choice: { type: 'function', function: { name: 'python' } } },
  },
  {
    says: 'that calls come one by one, when the run wants them so',
    run: { tools: [f], parallel_tool_calls: false },
    sends: { parallel_tool_calls: false },
  },
  ...[
    { type: 'text' },
    { type: 'json_object' },
    {
      type: 'json_schema',
      json_schema: {
        name: 'answer',
        description: 'An answer.',
        schema: {
          type: 'object',
          properties: { a: { $ref: '#/$defs/a' } },
          $defs: { a: { enum: [1, null] } },
        },
        strict: true,
      },
    },
  ].map((response_format) => ({
    says: `the response format ${response_format.type}, untouched`,
    run: { response_format },
    sends: { response_format },
  })),
  {
    says: 'no response format for auto',
    assistant: { response_format: { type: 'json_object' } },
    run: { response_format: 'auto' },
    sends: { response_format: undefined },
  },
  {
    says: 'the budget for its answer',
    run: { max_completion_tokens: 300 },
    sends: { max_completion_tokens: 300 },
  },
  {
    says: 'the last messages that the run wants, and no more',
    messages: [...'abcde'].map((content, index) => ({ role: index % 2 ? 'assistant' : 'user', content })),
    run: { truncation_strategy: { type: 'last_messages', last_messages: 2 } },
    sends: {
      messages: [
        { role: 'assistant', content: 'd' },
        { role: 'user', content: 'e' },
      ],
    },
  },
  {
    says: 'the whole thread by default, with its roles',
    messages: [...'abc'].map((content, index) => ({ role: index % 2 ? 'assistant' : 'user', content })),
    sends: {
      messages: [
        { role: 'user', content: 'a' },
        { role: 'assistant', content: 'b' },
        { role: 'user', content: 'c' },
      ],
    },
  },
  {
    says: 'texts of several parts, and pictures by address',
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'one' },
          { type: 'image_url', image_url: { url: 'https://example.com/a.png', detail: 'high' } },
          { type: 'text', text: 'two' },
        ],
      },
    ],
    sends: {
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'one' },
            { type: 'image_url', image_url: { url: 'https://example.com/a.png', detail: 'high' } },
            { type: 'text', text: 'two' },
          ],
        },
      ],
    },
  },
];

for (const { says, sends, ...scene } of rows) {
  test(`the model is told ${says}`, async () => {
    const { run, requests } = await play(api, scene);
    assert.equal(run.status, 'completed', run.last_error?.message);
    const [request = {}] = requests;
    assert.equal(request.stream, true);
    for (const [field, value] of Object.entries(sends)) assert.deepEqual(request[field], value, field);
  });
}
