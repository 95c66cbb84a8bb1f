import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';

import { ModelError } from '../../shared/model/model.ts';
import { createModel } from '../../shared/model/openai.ts';
import { modelConfig } from '../support/model-config.ts';
import { startScriptedModel } from '../support/scripted-model.ts';
import type { Turn } from '../support/scripted-turn.ts';

const scripted = await startScriptedModel();
after(() => scripted.stop());
beforeEach(() => scripted.reset());

const KEY = 'sk-planted-test-key-0001';
const config = modelConfig(scripted.url, { OPENAI_API_KEY: KEY });

async function failure(turn: Turn | undefined, changes: Partial<typeof config> = {}): Promise<ModelError> {
  if (turn) scripted.add(turn);
  const request = { model: 'gpt-a', messages: [{ role: 'user' as const, content: 'Hello' }] };
  try {
    const model = createModel({ ...config, ...changes });
    for await (const _ of model.complete(request, AbortSignal.timeout(60_000)));
  } catch (error) {
    assert.ok(error instanceof ModelError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: 'the call did not fail' });
}

const upstream = (status: number, error: object, headers: Record<string, string> = {}): Turn => ({
  error: { status, body: { error }, headers },
});

const rows: readonly (readonly [string, Turn, Partial<ModelError>, RegExp])[] = [
  [
    'too many requests: try again when the server says, in seconds',
    upstream(429, { message: 'Slow down', code: 'rate_limit_exceeded' }, { 'retry-after': '7' }),
    { code: 'rate_limit_exceeded', retryable: true, retryAfterMs: 7000 },
    /429: Slow down/,
  ],
  [
    'retry-after-ms is more exact than retry-after',
    upstream(429, { message: 'Slow down' }, { 'retry-after': '7', 'retry-after-ms': '250' }),
    { code: 'rate_limit_exceeded', retryable: true, retryAfterMs: 250 },
    /Slow down/,
  ],
  [
    'a date that has passed means now',
    upstream(503, { message: 'busy' }, { 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT' }),
    { code: 'server_error', retryable: true, retryAfterMs: 0 },
    /503: busy/,
  ],
  [
    'an exhausted quota is not waited for',
    upstream(429, {
      message: 'You exceeded your current quota',
      type: 'insufficient_quota',
      code: 'insufficient_quota',
    }),
    { code: 'rate_limit_exceeded', retryable: false },
    /exceeded your current quota/,
  ],
  [
    'a server error is retried',
    upstream(500, { message: 'oops' }),
    { code: 'server_error', retryable: true },
    /500: oops/,
  ],
  [
    'so is a timeout of the server',
    upstream(408, { message: 'late' }),
    { code: 'server_error', retryable: true },
    /late/,
  ],
  [
    'so is a conflict',
    upstream(409, { message: 'now not' }),
    { code: 'server_error', retryable: true },
    /now not/,
  ],
  [
    'a page of HTML is cut, not passed on whole',
    { error: { status: 502, body: `<html>${'x'.repeat(10_000)}</html>` } },
    { code: 'server_error', retryable: true },
    /^.{100,1100}$/s,
  ],
  [
    'an unknown model fails at once',
    upstream(404, { message: 'The model `gpt-a` does not exist', code: 'model_not_found' }),
    { code: 'server_error', retryable: false },
    /404: The model `gpt-a` does not exist/,
  ],
  [
    'a parameter the model refuses fails at once, readably',
    upstream(400, {
      message: "Unsupported value: 'temperature'",
      param: 'temperature',
      code: 'unsupported_value',
    }),
    { code: 'server_error', retryable: false },
    /400: Unsupported value: 'temperature'/,
  ],
  [
    'a conversation that is too long is the prompt’s fault',
    upstream(400, {
      message: "This model's maximum context length is 8192 tokens.",
      code: 'context_length_exceeded',
    }),
    { code: 'invalid_prompt', retryable: false },
    /maximum context length/,
  ],
  [
    'and so it is where a server has no code for it',
    upstream(400, {
      message: "This model's maximum context length is 8192 tokens.",
      type: 'BadRequestError',
      code: 400,
    }),
    { code: 'invalid_prompt', retryable: false },
    /maximum context length/,
  ],
  [
    'a bad message is the prompt’s fault',
    upstream(400, { message: 'Invalid image.', param: 'messages.[0].content.[1].image_url', code: null }),
    { code: 'invalid_prompt', retryable: false },
    /Invalid image/,
  ],
  [
    "Azure's content filter names what it objected to",
    upstream(400, {
      message:
        "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
      type: null,
      param: 'prompt',
      code: 'content_filter',
      status: 400,
      innererror: {
        code: 'ResponsibleAIPolicyViolation',
        content_filter_result: {
          hate: { filtered: false, severity: 'safe' },
          jailbreak: { filtered: true, detected: true },
          violence: { filtered: true, severity: 'high' },
        },
      },
    }),
    { code: 'invalid_prompt', retryable: false },
    /content management policy\. \(filtered: jailbreak, violence\)$/,
  ],
  [
    'a body that is no object is passed on as text',
    { error: { status: 400, body: 'nope' } },
    { code: 'server_error', retryable: false },
    /400: nope/,
  ],
  [
    'an error inside the stream is an error',
    { pieces: ['Hel', { raw: 'data: {"error":{"message":"overloaded","type":"server_error"}}\n\n' }] },
    { code: 'server_error', retryable: true },
    /failed while it answered: overloaded/,
  ],
  [
    'an error inside the stream keeps the meaning of its name',
    { pieces: [{ raw: 'data: {"error":{"message":"slow","code":"rate_limit_exceeded"}}\n\n' }] },
    { code: 'rate_limit_exceeded', retryable: true },
    /slow/,
  ],
  [
    'an error inside the stream keeps its status',
    {
      pieces: [{ raw: 'data: {"error":{"message":"max tokens?","type":"BadRequestError","code":400}}\n\n' }],
    },
    { code: 'server_error', retryable: false },
    /max tokens\?/,
  ],
  [
    'a stream that ends without a finish is not an answer',
    { text: 'Hel', finish: null },
    { code: 'server_error', retryable: true },
    /ended before/,
  ],
  [
    'a stream of nothing is not an answer',
    { pieces: [{ raw: ': hello\n\n' }], finish: null },
    { code: 'server_error', retryable: true },
    /ended before/,
  ],
  [
    'a dropped connection is retried',
    { pieces: ['Hel', 'drop'] },
    { code: 'server_error', retryable: true },
    /./,
  ],
  [
    'a stream that is no JSON is retried',
    { pieces: [{ raw: 'data: {"choices":[{\n\n' }] },
    { code: 'server_error', retryable: true },
    /malformed/,
  ],
];

for (const [name, turn, expected, message] of rows) {
  test(name, async () => {
    const error = await failure(turn);
    const { code, retryable, retryAfterMs } = error;
    assert.deepEqual({ code, retryable, retryAfterMs }, { retryAfterMs: undefined, ...expected });
    assert.match(error.message, message);
  });
}

test('a date in retry-after is a time from now', async () => {
  const date = new Date(Date.now() + 60_000).toUTCString();
  const { retryAfterMs } = await failure(upstream(429, { message: 'Slow down' }, { 'retry-after': date }));
  assert.ok(retryAfterMs !== undefined && retryAfterMs > 0 && retryAfterMs <= 60_000, String(retryAfterMs));
});

test('a server that is not there is retried, and the reason can be read', async () => {
  const gone = await startScriptedModel();
  await gone.stop();
  const error = await failure(undefined, { OPENAI_BASE_URL: gone.url });
  assert.deepEqual([error.code, error.retryable], ['server_error', true]);
  assert.match(error.message, /cannot be reached: .*ECONNREFUSED/);
  assert.equal(error.sign, 'ECONNREFUSED');
});

test('a server that falls silent is given up after the idle time', async () => {
  const error = await failure({ pieces: ['Hel', 'stall'] }, { modelIdleTimeoutMs: 500 });
  assert.deepEqual([error.code, error.retryable], ['server_error', true]);
  assert.match(error.message, /sent nothing for 0\.5 seconds/);
  assert.equal(error.sign, 'silence');
  assert.equal(await scripted.requests[0]?.closed, true);
});

test('a server that never answers is given up after the idle time', async () => {
  const gate = Promise.withResolvers<void>();
  const error = await failure({ gate: gate.promise }, { modelIdleTimeoutMs: 50 });
  assert.match(error.message, /sent nothing/);
  gate.resolve();
});

test('a slow consumer is not taken for a silent server', async () => {
  scripted.add({ text: ['a', 'b', 'c'] });
  const model = createModel({ ...config, modelIdleTimeoutMs: 1000 });
  let text = '';
  const request = { model: 'gpt-a', messages: [{ role: 'user' as const, content: 'Hello' }] };
  for await (const delta of model.complete(request, AbortSignal.timeout(60_000))) {
    if (delta.type !== 'text') continue;
    text += delta.text;
    // Longer than the idle time: the first delta's consumer blocks the process.
    if (text === 'a') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1100);
  }
  assert.equal(text, 'abc');
});

test('no key reaches a message: neither ours nor one that the server quotes', async () => {
  const message = `Incorrect API key provided: ${KEY}. Also sk-other*****key9 and Bearer abcdef.`;
  const error = await failure(upstream(401, { message, code: 'invalid_api_key' }));
  assert.deepEqual([error.code, error.retryable], ['server_error', false]);
  assert.match(error.message, /401: Incorrect API key provided: \[key\]/);
  assert.equal(error.sign, 401);
  assert.doesNotMatch(`${error.message} ${JSON.stringify(error)} ${error.stack}`, /planted|other|abcdef/);
});

/** A server of one's own, or one in its place, must not be able to send the prompt elsewhere. */
test('a redirect is not followed, with the prompt or without', async () => {
  const elsewhere = await startScriptedModel({ respond: () => ({ text: 'mine' }) });
  for (const status of [301, 302, 307, 308]) {
    const location = `${elsewhere.url}/chat/completions?secret=x`;
    const error = await failure({ error: { status, headers: { location } } });
    const origin = new URL(elsewhere.url).origin;
    assert.deepEqual([error.code, error.retryable, error.sign], ['server_error', false, status]);
    assert.match(
      error.message,
      new RegExp(`status ${status}, a redirect to ${origin}\\. It is not followed`),
    );
    assert.doesNotMatch(error.message, /secret/);
  }
  assert.deepEqual(elsewhere.requests, []);
  await elsewhere.stop();
});

test('what is no chunk, and what is no JSON, is a broken answer that is worth another try', async () => {
  for (const raw of ['data: null\n\n', 'data: 5\n\n', 'data: []\n\n', 'data: {"choices":\n\n']) {
    const error = await failure({ pieces: ['Hel', { raw }] });
    assert.deepEqual([error.code, error.retryable, error.sign], ['server_error', true, 'broken answer'], raw);
    assert.match(error.message, /^The model's server sent a broken answer: .+\.$/, raw);
  }
});
