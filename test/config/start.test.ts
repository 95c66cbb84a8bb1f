import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { ConfigError, readConfig } from '../../shared/config.ts';
import { startHost } from '../support/host.ts';

const KEY = 'key-that-nobody-may-read';
const ACCOUNT_KEY = 'account-key-that-nobody-may-read';
/** The least that starts. */
const complete: Readonly<Record<string, string>> = {
  AzureWebJobsStorage: `AccountName=one;AccountKey=${ACCOUNT_KEY};TableEndpoint=http://127.0.0.1:1/one`,
  API_KEYS: `team-a:${KEY}`,
  OPENAI_BASE_URL: 'http://127.0.0.1:1/v1',
  SESSION_SUBSCRIPTION_ID: '00000000-0000-0000-0000-000000000000',
  SESSION_RESOURCE_GROUP: 'sessions',
  SESSION_LOCATION: 'local',
  SESSION_IMAGE: 'hourglass-session',
  SESSION_SUBNET_ID:
    '/subscriptions/s/resourceGroups/r/providers/Microsoft.Network/virtualNetworks/v/subnets/s',
};

function problemsOf(changes: Readonly<Record<string, string | undefined>>): readonly string[] {
  try {
    readConfig({ ...complete, ...changes });
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    assert.doesNotMatch(error.message, /nobody-may-read/);
    return error.problems;
  }
  return [];
}

test('the least that starts does, with defaults in milliseconds, and nobody changes it', () => {
  const config = readConfig(complete);
  const { STORAGE_PREFIX, MAX_FILE_BYTES, runTtlMs, sessionTtlMs, SESSION_START } = config;
  assert.deepEqual(
    { STORAGE_PREFIX, MAX_FILE_BYTES, runTtlMs, sessionTtlMs, SESSION_START },
    {
      STORAGE_PREFIX: 'hourglass',
      MAX_FILE_BYTES: 512 * 1024 ** 2,
      runTtlMs: 600_000,
      sessionTtlMs: 3_600_000,
      SESSION_START: 'run-start',
    },
  );
  assert.throws(() => Object.assign(config, { STORAGE_PREFIX: 'other' }), TypeError);
});

test('a reference to Key Vault that is not resolved is no key: neither for callers nor for the model', () => {
  const reference = '@Microsoft.KeyVault(SecretUri=https://kv-a.vault.azure.net/secrets/nobody-may-read/1)';
  assert.deepEqual(problemsOf({ API_KEYS: reference, OPENAI_API_KEY: reference }), [
    'API_KEYS: the reference to Key Vault is not resolved',
    'OPENAI_API_KEY: the reference to Key Vault is not resolved',
  ]);
});

test('keys that could be guessed are refused, by their place in the list, except with an emulator on this machine', () => {
  const long = 'k'.repeat(24);
  const problem = (entry: number) =>
    `API_KEYS: the key of entry ${entry} has fewer than 24 characters, and could be guessed; openssl rand -hex 24 makes one`;
  assert.deepEqual(problemsOf({ API_KEYS: `team-a:${long},team-b:${long.slice(1)}` }), [problem(2)]);
  assert.deepEqual(problemsOf({ API_KEYS: 'short' }), [problem(1)]);
  assert.deepEqual(problemsOf({ API_KEYS: `team-a:${long}` }), []);
  const local = { API_KEYS: 'team-a:short', SESSION_SUBNET_ID: '' };
  assert.deepEqual(problemsOf({ ...local, SESSION_ARM_ENDPOINT: 'http://127.0.0.1:7072' }), []);
});

test('an empty value is none at all, as Azure and files of settings write it', () => {
  const empty = {
    STORAGE_PREFIX: '',
    RUN_TTL_SECONDS: '',
    SESSION_REGISTRY_SERVER: '',
    AZURE_OPENAI_ENDPOINT: '',
  };
  assert.deepEqual(readConfig({ ...complete, ...empty }), readConfig(complete));
});

for (const name of Object.keys(complete)) {
  test(`without ${name} there is one line, which names it`, () => {
    const problems = problemsOf({ [name]: undefined });
    assert.equal(problems.length, 1, problems.join('\n'));
    assert.ok(problems[0]?.startsWith(`${name}: `) || problems[0]?.includes(name), problems[0]);
  });
}

const identity = { AzureWebJobsStorage: undefined };
const uri = (service: string) => ({
  [`AzureWebJobsStorage__${service}ServiceUri`]: `https://a.${service}.b`,
});
for (const [what, changes] of [
  ['an account name', { ...identity, AzureWebJobsStorage__accountName: 'one' }],
  ['three addresses', { ...identity, ...uri('blob'), ...uri('queue'), ...uri('table') }],
  ['the emulator', { AzureWebJobsStorage: 'UseDevelopmentStorage=true' }],
  ['a model at Azure', { OPENAI_BASE_URL: undefined, AZURE_OPENAI_ENDPOINT: 'https://a.openai.azure.com' }],
  ['a model by its key', { OPENAI_BASE_URL: undefined, OPENAI_API_KEY: KEY }],
] as const) {
  test(`${what} will do`, () => assert.deepEqual(problemsOf(changes), []));
}

const inPublic = { SESSION_SUBNET_ID: undefined };
for (const endpoint of ['http://127.0.0.1:7072', 'http://localhost:7072', 'http://[::1]:7072']) {
  test(`sessions of an emulator at ${endpoint} need no subnet`, () =>
    assert.deepEqual(problemsOf({ ...inPublic, SESSION_ARM_ENDPOINT: endpoint }), []));
}

const wrong: readonly (readonly [Record<string, string | undefined>, RegExp])[] = [
  [{ AzureWebJobsStorage: ACCOUNT_KEY }, /^AzureWebJobsStorage: is no connection string, for example /],
  [{ ...identity, ...uri('blob') }, /^AzureWebJobsStorage: no storage is named/],
  [
    { ...identity, ...uri('blob'), ...uri('queue'), AzureWebJobsStorage__tableServiceUri: 'a.table' },
    /^AzureWebJobsStorage__tableServiceUri: must be an http or https address/,
  ],
  [{ API_KEYS: `not a name:${KEY}` }, /^API_KEYS: entry 1 is not KEY or PROJECT:KEY/],
  [{ API_KEYS: `team-a:${KEY},team-b:${KEY}` }, /^API_KEYS: one key stands in two projects/],
  [{ API_KEYS: ' , ' }, /^API_KEYS: no key is set/],
  [{ OPENAI_BASE_URL: 'ftp://a' }, /^OPENAI_BASE_URL: must be an http or https address/],
  [{ STORAGE_PREFIX: 'My_App' }, /^STORAGE_PREFIX: must be 1 to 20 small letters/],
  [{ RUN_TTL_SECONDS: 'ten' }, /^RUN_TTL_SECONDS: must be a number of seconds from 1 to 86400/],
  [{ RUN_SLICE_SECONDS: '1501' }, /^RUN_SLICE_SECONDS: must be a number of seconds from 1 to 1500/],
  [{ SESSION_TTL_SECONDS: '3601' }, /^SESSION_TTL_SECONDS: must be a number of seconds from 5 to 3600/],
  [{ RATE_LIMIT_PER_MINUTE: '1.5' }, /^RATE_LIMIT_PER_MINUTE: must be a whole number/],
  [{ SESSION_CPU: '0' }, /^SESSION_CPU: must be a number from 1 to 31/],
  [inPublic, /^SESSION_SUBNET_ID: not set, so Python sessions would listen on public addresses/],
  [
    { ...inPublic, SESSION_ARM_ENDPOINT: 'https://127.0.0.1.example.com' },
    /^SESSION_SUBNET_ID: not set, so .* public addresses/,
  ],
  [{ SESSION_START: 'later' }, /^SESSION_START: must be first-call or run-start/],
  [{ MODEL_CONTEXT_TOKENS: 'gpt=many' }, /^MODEL_CONTEXT_TOKENS: 'gpt=many' is no context size/],
  [
    { SESSION_STANDBY_POOL: 'pool' },
    /^SESSION_CONTAINER_GROUP_PROFILE: not set, though SESSION_STANDBY_POOL/,
  ],
  [{ SESSION_CONTAINER_GROUP_PROFILE: 'a' }, /^SESSION_STANDBY_POOL: not set/],
];
for (const [changes, line] of wrong) {
  test(`one line: ${line.source.slice(1)}`, () => {
    const problems = problemsOf(changes);
    assert.equal(problems.length, 1, problems.join('\n'));
    assert.match(problems[0] ?? '', line);
  });
}

test('a host with wrong settings ends at its start with a line for each, and serves nobody', async () => {
  const environment = {
    PATH: process.env.PATH,
    ...complete,
    API_KEYS: `team-a:${KEY},team-b:${KEY}`,
    RUN_TTL_SECONDS: 'ten',
    SESSION_IMAGE: undefined,
  };
  await assert.rejects(startHost({ environment }), (error: Error) => {
    assert.match(error.message, /ended \(1\) before it listened/);
    const lines = error.message.split('\n').filter((each) => each.startsWith('  - '));
    assert.deepEqual(
      lines.map((each) => each.slice(4).split(':')[0]),
      ['RUN_TTL_SECONDS', 'SESSION_IMAGE', 'API_KEYS'],
    );
    assert.doesNotMatch(error.message, /nobody-may-read/);
    return true;
  });
});

test('the longest slice of a run leaves five minutes of what the platform gives an invocation', () => {
  const text = readFileSync(new URL('../../host.json', import.meta.url), 'utf8');
  const { functionTimeout } = JSON.parse(text) as { functionTimeout: string };
  const [hours = 0, minutes = 0, seconds = 0] = functionTimeout.split(':').map(Number);
  const longest = (hours * 60 + minutes - 5) * 60 + seconds;
  assert.deepEqual(problemsOf({ RUN_SLICE_SECONDS: String(longest) }), []);
  assert.equal(problemsOf({ RUN_SLICE_SECONDS: String(longest + 1) }).length, 1);
});
