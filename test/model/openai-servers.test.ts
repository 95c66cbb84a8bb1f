import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, beforeEach, test } from 'node:test';

import { createModel, type ModelConfig } from '../../shared/model/openai.ts';
import { modelConfig } from '../support/model-config.ts';
import { startScriptedModel } from '../support/scripted-model.ts';

const scripted = await startScriptedModel({ models: ['gpt-a', 'gpt-b'] });
after(() => scripted.stop());
beforeEach(() => scripted.reset());
const origin = new URL(scripted.url).origin;

async function ask(config: ModelConfig): Promise<{ path: string; headers: Record<string, unknown> }> {
  scripted.add({ text: 'ok' });
  const request = { model: 'gpt 4/o', messages: [{ role: 'user' as const, content: 'Hello' }] };
  for await (const _ of createModel(config).complete(request, AbortSignal.timeout(60_000)));
  const { path, headers } = scripted.requests.at(-1)!;
  return { path, headers };
}

const azure = (endpoint: string): ModelConfig =>
  modelConfig(scripted.url, {
    OPENAI_BASE_URL: undefined,
    OPENAI_API_KEY: undefined,
    AZURE_OPENAI_ENDPOINT: endpoint,
    AZURE_OPENAI_API_KEY: 'planted-azure-key',
  });

for (const endpoint of [origin, `${origin}/`, `${origin}/openai/`]) {
  test(`Azure at ${endpoint.replace(origin, 'https://NAME')}: the deployment is the model, the key its header`, async () => {
    const { path, headers } = await ask(azure(endpoint));
    assert.equal(path, '/openai/deployments/gpt%204%2Fo/chat/completions?api-version=2024-10-21');
    assert.equal(headers['api-key'], 'planted-azure-key');
    assert.equal(headers.authorization, undefined);
  });
}

test("Azure's version-less API", async () => {
  const { path, headers } = await ask(azure(`${origin}/openai/v1/`));
  assert.equal(path, '/openai/v1/chat/completions');
  assert.equal(headers.authorization, 'Bearer planted-azure-key');
});

test('a base URL wins over an Azure endpoint, and needs no key', async () => {
  const { path, headers } = await ask({
    ...azure('https://nowhere.invalid'),
    OPENAI_BASE_URL: scripted.url,
  });
  assert.equal(path, '/v1/chat/completions');
  assert.equal(headers['api-key'], undefined);
});

test("the SDK's own environment variables change nothing", async () => {
  const planted = {
    OPENAI_ORG_ID: 'org-planted',
    OPENAI_PROJECT_ID: 'proj-planted',
    OPENAI_BASE_URL: 'http://127.0.0.1:1',
  };
  Object.assign(process.env, planted);
  try {
    const { headers } = await ask(azure(origin));
    assert.doesNotMatch(JSON.stringify(headers), /org-planted|proj-planted/);
  } finally {
    for (const name of Object.keys(planted)) delete process.env[name];
  }
});

test('MODELS names the models without asking anybody', async () => {
  const model = createModel(modelConfig('http://127.0.0.1:1/v1', { MODELS: 'gpt-4o, o3 ,,gpt-4o' }));
  assert.deepEqual(
    (await model.list()).map(({ id }) => id),
    ['gpt-4o', 'o3'],
  );
});

test('without MODELS the server is asked, and again after five minutes; the last list outlives it', async () => {
  let now = 0;
  const server = await startScriptedModel({ models: ['gpt-a', 'gpt-b'] });
  const model = createModel(modelConfig(server.url), { clock: { now: () => now } });
  const names = async () => (await model.list()).map(({ id }) => id);
  assert.deepEqual(await model.list(), [
    { id: 'gpt-a', created: 1_700_000_000, owned_by: 'scripted' },
    { id: 'gpt-b', created: 1_700_000_000, owned_by: 'scripted' },
  ]);
  server.models = ['gpt-c'];
  now += 299_000;
  assert.deepEqual(await names(), ['gpt-a', 'gpt-b']);
  now += 1_001;
  assert.deepEqual(await names(), ['gpt-c']);
  await server.stop();
  now += 300_001;
  assert.deepEqual(await names(), ['gpt-c']);
});

test('a server without a list of models gives an empty one', async () => {
  const gone = await startScriptedModel();
  await gone.stop();
  assert.deepEqual(await createModel(modelConfig(gone.url)).list(), []);
});

test('without a key, the app’s identity signs in: a token for the right audience, as the right identity', async () => {
  const asked: URL[] = [];
  // What App Service and Functions offer to their apps as IDENTITY_ENDPOINT.
  const identity = createServer((request, response) => {
    asked.push(new URL(request.url ?? '/', origin));
    const expires_on = Math.floor(Date.now() / 1000) + 3600;
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify({ access_token: 'planted-token', expires_on, token_type: 'Bearer', resource: 'x' }),
    );
  });
  await new Promise<void>((resolve) => identity.listen(0, '127.0.0.1', resolve));
  const { port } = identity.address() as AddressInfo;
  const environment = { IDENTITY_ENDPOINT: `http://127.0.0.1:${port}/token`, IDENTITY_HEADER: 'header' };
  Object.assign(process.env, environment);
  try {
    const config = { ...azure(origin), AZURE_OPENAI_API_KEY: undefined, AZURE_CLIENT_ID: 'client-1' };
    const { headers } = await ask(config);
    assert.equal(headers.authorization, 'Bearer planted-token');
    assert.equal(headers['api-key'], undefined);
    assert.equal(asked[0]?.searchParams.get('resource'), 'https://cognitiveservices.azure.com');
    assert.equal(asked[0]?.searchParams.get('client_id'), 'client-1');
  } finally {
    for (const name of Object.keys(environment)) delete process.env[name];
    identity.close();
    identity.closeAllConnections();
  }
});
