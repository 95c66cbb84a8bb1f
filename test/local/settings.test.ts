import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

import { hasModel, hostEnvironment } from '../../local/settings.ts';
import { readConfig, settings } from '../../shared/config.ts';

/** Not in the sample: only Azure sets the first, only tests the second. */
const elsewhere = new Set(['HOURGLASS_CRASH_AT']);
/** Identity-based storage is for Azure: beside a connection string these would only confuse. */
const identityBased = /^AzureWebJobsStorage__/;

const sample = JSON.parse(
  await readFile(new URL('../../local.settings.sample.json', import.meta.url), 'utf8'),
) as { Values: Record<string, string> };

test('the sample names every setting, no other, and starts the app as it is', () => {
  const expected = Object.keys(settings.shape).filter(
    (name) => !elsewhere.has(name) && !identityBased.test(name),
  );
  const given = Object.keys(sample.Values).filter((name) => !name.startsWith('FUNCTIONS_'));
  assert.deepEqual(given.sort(), expected.sort());
  readConfig(sample.Values);
});

test("the sample's values are the defaults where there are any", () => {
  const { AzureWebJobsStorage, API_KEYS, OPENAI_API_KEY } = sample.Values;
  const sessions = Object.fromEntries(
    Object.entries(sample.Values).filter(([name]) =>
      ['SUBSCRIPTION_ID', 'RESOURCE_GROUP', 'LOCATION', 'IMAGE', 'ARM_ENDPOINT'].some(
        (part) => name === `SESSION_${part}`,
      ),
    ),
  );
  const { OPENAI_BASE_URL } = sample.Values;
  // On a developer's machine the page is there; elsewhere it is asked for.
  const needed = {
    AzureWebJobsStorage,
    API_KEYS,
    OPENAI_API_KEY,
    OPENAI_BASE_URL,
    PLAYGROUND: 'on',
    ...sessions,
  };
  assert.deepEqual(readConfig(sample.Values), readConfig(needed));
});

const emulated = {
  storage: 'UseDevelopmentStorage=true',
  apiKeys: 'k',
  armUrl: 'http://127.0.0.1:1',
  demoModelUrl: 'http://127.0.0.1:2/v1',
};

test('the emulated environment is a complete configuration', () => {
  const config = readConfig(hostEnvironment({}, emulated));
  assert.equal(config.OPENAI_BASE_URL, 'http://127.0.0.1:2/v1');
  assert.equal(config.MODELS, 'demo');
});

test("the caller's settings win over the emulation's, except for what is emulated", () => {
  const caller = {
    MODEL_IDLE_TIMEOUT_SECONDS: '7',
    STORAGE_PREFIX: 'mine',
    SESSION_ARM_ENDPOINT: 'https://x',
  };
  const environment = hostEnvironment(caller, emulated);
  const config = readConfig(environment);
  assert.equal(config.STORAGE_PREFIX, 'mine');
  assert.equal(config.modelIdleTimeoutMs, 7_000);
  assert.equal(config.SESSION_ARM_ENDPOINT, emulated.armUrl);
});

test('a model that the caller names keeps the demo model away', () => {
  assert.equal(hasModel({}), false);
  assert.equal(hasModel({ OPENAI_BASE_URL: '' }), false);
  for (const name of ['OPENAI_BASE_URL', 'OPENAI_API_KEY', 'AZURE_OPENAI_ENDPOINT']) {
    assert.equal(hasModel({ [name]: 'x' }), true, name);
  }
  const environment = hostEnvironment({ OPENAI_API_KEY: 'mine' }, { ...emulated, demoModelUrl: undefined });
  assert.equal(environment.OPENAI_API_KEY, 'mine');
  assert.equal(environment.OPENAI_BASE_URL, undefined);
});
