import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';

import { ModelError, type ModelRequest } from '../../shared/model/model.ts';
import { createModel } from '../../shared/model/openai.ts';
import { modelConfig } from '../support/model-config.ts';
import { startScriptedModel } from '../support/scripted-model.ts';
import type { Turn } from '../support/scripted-turn.ts';

const scripted = await startScriptedModel();
after(() => scripted.stop());
beforeEach(() => scripted.reset());

type Model = ReturnType<typeof createModel>;
const newModel = (): Model => createModel(modelConfig(scripted.url));

async function ask(model: Model, changes: Partial<ModelRequest> = {}): Promise<string> {
  const request = { model: 'gpt-a', messages: [{ role: 'user' as const, content: 'Hello' }], ...changes };
  let text = '';
  for await (const delta of model.complete(request, AbortSignal.timeout(60_000))) {
    if (delta.type === 'text') text += delta.text;
  }
  return text;
}

/** Of each request so far the arguments that are asked for. */
const sent = (...names: readonly string[]) =>
  scripted.requests.map(({ body }) =>
    Object.fromEntries(Object.entries(body).filter(([name]) => names.includes(name))),
  );
const budgets = () => sent('max_completion_tokens', 'max_tokens');

const refusal = (body: object, status = 400): Turn => ({ error: { status, body } });
const unrecognized = (name: string): Turn =>
  refusal({
    error: {
      message: `Unrecognized request argument supplied: ${name}`,
      type: 'invalid_request_error',
      param: null,
      code: null,
    },
  });
const useInstead = (name: string, other: string): Turn =>
  refusal({
    error: {
      message: `Unsupported parameter: '${name}' is not supported with this model. Use '${other}' instead.`,
      type: 'invalid_request_error',
      param: name,
      code: 'unsupported_parameter',
    },
  });

/** As published in the issues of projects that met them. */
const refusals: Record<string, Turn> = {
  "Azure's older versions": unrecognized('max_completion_tokens'),
  'a model that recommends the other name': useInstead('max_completion_tokens', 'max_tokens'),
  'vLLM, whose errors are beside `error`': refusal({
    object: 'error',
    message:
      "[{'type': 'extra_forbidden', 'loc': ('body', 'max_completion_tokens'), 'msg': 'Extra inputs are not permitted', 'input': 8192}]",
    type: 'BadRequestError',
    param: null,
    code: 400,
  }),
  'Mistral, with 422 and a message that is no text': refusal(
    {
      object: 'error',
      message: {
        detail: [
          {
            type: 'extra_forbidden',
            loc: ['body', 'max_completion_tokens'],
            msg: 'Extra inputs are not permitted',
          },
        ],
      },
      type: 'invalid_request_error',
      param: null,
      code: null,
    },
    422,
  ),
};

for (const [server, refused] of Object.entries(refusals)) {
  test(`${server}: the budget goes out as max_tokens, now and from then on`, async () => {
    const model = newModel();
    scripted.add(refused, { text: 'one' }, { text: 'two' });
    assert.equal(await ask(model, { max_completion_tokens: 7 }), 'one');
    assert.equal(await ask(model, { max_completion_tokens: 8 }), 'two');
    assert.deepEqual(budgets(), [{ max_completion_tokens: 7 }, { max_tokens: 7 }, { max_tokens: 8 }]);
    scripted.assertDone();
  });
}

test('what one model refuses another is sent', async () => {
  const model = newModel();
  scripted.add(unrecognized('max_completion_tokens'), { text: 'one' }, { text: 'two' });
  await ask(model, { max_completion_tokens: 7 });
  await ask(model, { max_completion_tokens: 7, model: 'gpt-b' });
  assert.deepEqual(budgets(), [
    { max_completion_tokens: 7 },
    { max_tokens: 7 },
    { max_completion_tokens: 7 },
  ]);
});

test('a deployment whose model was replaced by a newer one gets the newer name again', async () => {
  const model = newModel();
  scripted.add(unrecognized('max_completion_tokens'), { text: 'old' });
  await ask(model, { max_completion_tokens: 7 });
  scripted.reset();
  scripted.add(useInstead('max_tokens', 'max_completion_tokens'), { text: 'new' }, { text: 'new' });
  assert.equal(await ask(model, { max_completion_tokens: 7 }), 'new');
  assert.equal(await ask(model, { max_completion_tokens: 7 }), 'new');
  assert.deepEqual(budgets(), [
    { max_tokens: 7 },
    { max_completion_tokens: 7 },
    { max_completion_tokens: 7 },
  ]);
});

test('a server may refuse more than one argument', async () => {
  const model = newModel();
  scripted.add(
    unrecognized('stream_options'),
    unrecognized('max_completion_tokens'),
    { text: 'one' },
    { text: 'two' },
  );
  assert.equal(await ask(model, { max_completion_tokens: 7 }), 'one');
  assert.equal(await ask(model, { max_completion_tokens: 7 }), 'two');
  assert.deepEqual(sent('stream_options', 'max_tokens').slice(1), [{}, { max_tokens: 7 }, { max_tokens: 7 }]);
});

test('what is remembered is bounded: of many models that refuse something the first is asked anew', async () => {
  const model = newModel();
  const old = (name: string) => ({ model: name, max_completion_tokens: 7 });
  scripted.respond(({ body }) =>
    'max_tokens' in body ? { text: 'ok' } : unrecognized('max_completion_tokens'),
  );
  for (let count = 0; count < 250; count++) await ask(model, old(`gpt-${count}`));
  scripted.reset();
  await ask(model, old('gpt-249'));
  await ask(model, old('gpt-0'));
  assert.deepEqual(budgets(), [{ max_tokens: 7 }, { max_completion_tokens: 7 }, { max_tokens: 7 }]);
});

/** Each row: what the server refuses, and how often it is asked before that is reported. */
const reported: readonly (readonly [string, Partial<ModelRequest>, readonly Turn[], RegExp])[] = [
  [
    'both names of the budget, in the words about the one that callers know',
    { max_completion_tokens: 7 },
    [unrecognized('max_completion_tokens'), unrecognized('max_tokens')],
    /supplied: max_completion_tokens$/,
  ],
  [
    'the value of the budget',
    { max_completion_tokens: 7 },
    [
      refusal({
        error: {
          message: 'max_completion_tokens is too large: 7. This model supports at most 6 completion tokens.',
          param: 'max_completion_tokens',
          code: 'invalid_value',
        },
      }),
    ],
    /too large/,
  ],
  [
    'max_tokens, which it was not sent',
    { max_completion_tokens: 7 },
    [useInstead('max_tokens', 'max_completion_tokens_2')],
    /'max_tokens' is not supported/,
  ],
  [
    'calls one by one, which the caller asked for',
    { parallel_tool_calls: false },
    [useInstead('parallel_tool_calls', 'nothing')],
    /'parallel_tool_calls' is not supported/,
  ],
  [
    'a temperature, which the caller asked for',
    { temperature: 0 },
    [useInstead('temperature', 'nothing')],
    /'temperature' is not supported/,
  ],
];

for (const [what, changes, turns, message] of reported) {
  test(`a model that refuses ${what}: an error`, async () => {
    scripted.add(...turns);
    await assert.rejects(ask(newModel(), changes), (error) => {
      assert.ok(error instanceof ModelError);
      assert.match(error.message, message);
      assert.deepEqual([error.code, error.retryable], ['server_error', false]);
      return true;
    });
    scripted.assertDone();
  });
}
