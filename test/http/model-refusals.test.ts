import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { testApi } from '../support/api.ts';
import { type Json, play } from './model-scene.ts';

const api = await testApi({ MODELS: 'old,strict' });
after(() => api[Symbol.asyncDispose]());

const f = { type: 'function', function: { name: 'f' } };
const refusing = (argument: string) => ({
  error: {
    status: 400,
    body: {
      error: { message: `Unrecognized request argument supplied: ${argument}`, param: null, code: null },
    },
  },
});

test('a run with a budget completes on a server that knows only max_tokens', async () => {
  api.engine.model.reset();
  const { run, requests } = await play(api, {
    assistant: { model: 'old' },
    run: { max_completion_tokens: 300 },
    turns: [refusing('max_completion_tokens'), { text: 'Hello' }],
  });
  assert.equal(run.status, 'completed', run.last_error?.message);
  assert.equal(run.max_completion_tokens, 300);
  const budget = ({ max_completion_tokens, max_tokens }: Json) => [max_completion_tokens, max_tokens];
  assert.deepEqual(requests.map(budget), [
    [300, undefined],
    [undefined, 300],
  ]);
});

test('a run that wants its calls one by one fails on a server that refuses to be told so', async () => {
  api.engine.model.reset();
  const { run, requests } = await play(api, {
    assistant: { model: 'strict' },
    run: { tools: [f], parallel_tool_calls: false },
    turns: [refusing('parallel_tool_calls')],
  });
  assert.equal(run.status, 'failed');
  assert.match(run.last_error?.message ?? '', /supplied: parallel_tool_calls$/);
  assert.equal(requests.length, 1);
});
