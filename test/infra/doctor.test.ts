import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, suite, test } from 'node:test';

import { type Emulation, startEmulation } from '../../local/emulation.ts';
import { testStorage } from '../support/azurite.ts';

const script = resolve(import.meta.dirname, '../../infra/doctor.ts');
const DIRECT_BYTES = 104_857_600;
const GROUP = '/subscriptions/sub/resourceGroups/rg-example';

const settings = {
  AzureWebJobsStorage__blobServiceUri: 'https://x.blob.core.windows.net',
  AzureWebJobsStorage__queueServiceUri: 'https://x.queue.core.windows.net',
  AzureWebJobsStorage__tableServiceUri: 'https://x.table.core.windows.net',
  API_KEYS: '@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/api-keys/1)',
  AZURE_OPENAI_ENDPOINT: 'https://x.openai.azure.com',
  MAX_DIRECT_UPLOAD_BYTES: String(DIRECT_BYTES),
  SESSION_SUBSCRIPTION_ID: 'sub',
  SESSION_RESOURCE_GROUP: 'rg-example-sessions',
  SESSION_LOCATION: 'swedencentral',
  SESSION_IMAGE: 'crx.azurecr.io/hourglass-session:v1',
  SESSION_SUBNET_ID: `${GROUP}/providers/Microsoft.Network/virtualNetworks/v/subnets/sessions`,
  SESSION_REGISTRY_SERVER: 'crx.azurecr.io',
  SESSION_REGISTRY_IDENTITY_ID: `${GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/pull`,
  SESSION_PLACES: JSON.stringify([
    { name: 'home' },
    { name: 'west', location: 'westus3', resourceGroup: 'rg-west-sessions', subnetId: '/subnets/west' },
  ]),
};

type Answers = readonly (readonly [pattern: string, answer: unknown])[];
const role = (roleDefinitionName: string, scope = GROUP) => ({ roleDefinitionName, scope });
const usage = (used: number) => ({
  value: ['ContainerGroups', 'StandardCores'].map((value) => ({
    name: { value },
    currentValue: used,
    limit: 100,
  })),
});
const list = (values: Record<string, string>) =>
  Object.entries(values).map(([name, value]) => ({ name, value }));

/** What the Azure CLI says of a deployment in order. */
const inOrder: Answers = [
  ['^account show', { id: 'sub' }],
  ['^functionapp list', [{ name: 'func-x', location: 'Sweden Central' }]],
  [
    '^functionapp show',
    {
      name: 'func-x',
      location: 'Sweden Central',
      defaultHostName: 'func-x.azurewebsites.net',
      identity: { userAssignedIdentities: { '/id-app': { principalId: 'p' } } },
    },
  ],
  ['appsettings list', list(settings)],
  ['configreferences', { value: [{ name: 'API_KEYS', properties: { status: 'Resolved' } }] }],
  [
    '^role assignment list',
    [
      ...['Storage Blob Data Owner', 'Storage Queue Data Contributor', 'Storage Table Data Contributor'].map(
        (name) => role(name),
      ),
      role('Monitoring Metrics Publisher'),
      role('Hourglass session joiner abc'),
      role('Hourglass session manager abc', '/subscriptions/sub/resourceGroups/rg-example-sessions'),
      role('Hourglass session manager def', '/subscriptions/sub/resourceGroups/rg-west-sessions'),
    ],
  ],
  ['^acr repository show', {}],
  ['/usages', usage(3)],
  [
    '^resource show',
    {
      properties: {
        functionAppConfig: { scaleAndConcurrency: { maximumInstanceCount: 100, instanceMemoryMB: 2048 } },
      },
    },
  ],
  ['^cognitiveservices account list', [{ name: 'oai-x', location: 'swedencentral' }]],
  [
    '^cognitiveservices account deployment list',
    [
      {
        name: 'chat',
        sku: { capacity: 50 },
        properties: { provisioningState: 'Succeeded', model: { name: 'chat', version: '1' } },
      },
    ],
  ],
  ['workspace list', [{ customerId: 'w' }]],
  [
    'log-analytics query',
    [
      { kind: 'metrics', n: '5' },
      { kind: 'logs', n: '9' },
    ],
  ],
];

suite('the doctor, with an az that answers as told', () => {
  let folder: string;
  let emulation: Emulation;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hourglass-doctor-'));
    await copyFile(resolve(import.meta.dirname, 'fake-az.mjs'), join(folder, 'az'));
    await chmod(join(folder, 'az'), 0o755);
    const storage = await testStorage();
    emulation = await startEmulation({
      warm: 1,
      environment: {
        PATH: process.env.PATH,
        AzureWebJobsStorage: storage.connectionString,
        STORAGE_PREFIX: `${storage.prefix}doctor`,
        MAX_DIRECT_UPLOAD_BYTES: String(DIRECT_BYTES),
      },
    });
  });
  after(async () => {
    await emulation?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function examine(answers: Answers, ...args: string[]) {
    await writeFile(join(folder, 'answers.json'), JSON.stringify(answers));
    await writeFile(join(folder, 'log'), '');
    const env = {
      PATH: `${folder}:${process.env.PATH}`,
      FAKE_AZ: join(folder, 'answers.json'),
      FAKE_AZ_LOG: join(folder, 'log'),
      FAKE_ARM: emulation.arm.url,
    };
    const { code, stdout, stderr } = await new Promise<{ code: number; stdout: string; stderr: string }>(
      (done) => {
        execFile(
          process.execPath,
          [script, '--deployment', 'example', ...args],
          { env },
          (error, stdout, stderr) =>
            done({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
        );
      },
    );
    const asked = (await readFile(join(folder, 'log'), 'utf8')).split('\n').filter(Boolean);
    return { code, stdout, stderr, lines: stdout.split('\n'), asked };
  }
  const verdicts = (lines: readonly string[], verdict: string) =>
    lines.filter((line) => line.startsWith(verdict)).map((line) => line.slice(8));

  test('finds a deployment in order: nothing fails, and nothing of its own is left', async () => {
    const { code, stdout, lines, asked } = await examine(
      inOrder,
      '--url',
      emulation.url,
      '--key',
      emulation.apiKey,
    );
    assert.deepEqual(verdicts(lines, 'fail'), [], stdout);
    assert.equal(code, 0);
    const passed = verdicts(lines, 'pass').join('\n');
    for (const sign of [
      /^settings: \d+ settings/m,
      /^secrets: 1 references/m,
      /^roles: the app has its roles/m,
      /^session image: hourglass-session:v1 is in crx\.azurecr\.io/m,
      /^quota of home \(swedencentral\): ContainerGroups: 3 of 100/m,
      /^quota of west \(westus3\): StandardCores: 3 of 100/m,
      /^model tokens: chat/m,
      /^image pull in home: the image was pulled/m,
      /^image pull in west: the image was pulled/m,
      /^readiness: /m,
      /^a streamed run: \d+ pieces/m,
      /^a polled run: completed after/m,
      /^an upload of 50 MB: taken/m,
      /^an upload of 150 MB: refused with 413/m,
      /^a queued run that nobody polls: a worker of the queue answered/m,
      /^telemetry: metrics and logs/m,
    ]) {
      assert.match(passed, sign);
    }
    assert.equal(emulation.arm.groups.size, 0, 'the probe groups are gone');
    const changing = asked.filter((line) => /\b(create|delete|update|set|put)\b/.test(line));
    assert.equal(
      changing.filter((line) => !line.includes('/containerGroups/doctor-')).length,
      0,
      changing.join('\n'),
    );
    const answer = await fetch(`${emulation.url}/v1/assistants`, {
      headers: { authorization: `Bearer ${emulation.apiKey}` },
    });
    assert.deepEqual(((await answer.json()) as { data: unknown[] }).data, []);
  });

  test('says of each fault what to do, and deletes its probe group all the same', async () => {
    emulation.arm.fail({ kind: 'provisioning-failed' });
    const wrong: Answers = [
      ['appsettings list', list({ ...settings, RUN_TTL_SECONDS: 'ten' })],
      [
        'configreferences',
        { value: [{ name: 'API_KEYS', properties: { status: 'AccessToKeyVaultDenied' } }] },
      ],
      ['^role assignment list', [role('Storage Blob Data Owner')]],
      ['^acr repository show', { error: 'TAG_UNKNOWN' }],
      ['/usages', usage(97)],
      ['^cognitiveservices account deployment list', []],
      ['^monitor', { error: 'Forbidden' }],
    ];
    const broken = await examine([...wrong, ...inOrder]);
    assert.equal(broken.code, 1, broken.stdout + broken.stderr);
    const failed = verdicts(broken.lines, 'fail').join('\n');
    for (const sign of [
      /^settings: RUN_TTL_SECONDS: /m,
      /^secrets: API_KEYS: AccessToKeyVaultDenied/m,
      /^roles: missing: Storage Queue Data Contributor, .*session joiner/m,
      /^session image: hourglass-session:v1 is not to be seen/m,
      /^model tokens: oai-x has no deployment/m,
    ]) {
      assert.match(failed, sign);
    }
    assert.match(verdicts(broken.lines, 'unknown').join('\n'), /^telemetry: .*Forbidden/m);
    assert.match(broken.stdout, /^unknown the API: no key/m);
    const failures = broken.lines.flatMap((line, index) =>
      line.startsWith('fail') ? [broken.lines[index + 1]] : [],
    );
    assert.ok(
      failures.every((line) => /^ {8}→ \S/.test(line ?? '')),
      'each failure says what to do',
    );
    assert.equal(emulation.arm.groups.size, 0);

    emulation.arm.clearFaults();
    emulation.arm.fail({ kind: 'provisioning-failed' });
    const full: Answers = [['/usages', usage(97)], ['^monitor', { error: 'Forbidden' }], ...inOrder];
    const probed = await examine(full);
    assert.match(probed.stdout, /^fail +quota of home .*97 of 100/m);
    assert.match(probed.stdout, /^fail +image pull in home: no container came up \(.*Failed/m);
    assert.match(probed.stdout, /^pass +image pull in west: /m);
    assert.equal(emulation.arm.groups.size, 0, 'a group that failed is deleted, too');
  });

  test('cannot begin where the CLI is not signed in, or nothing of that name is there', async () => {
    const nobody = await examine([['', { error: "Please run 'az login' to setup account." }]]);
    assert.deepEqual([nobody.code, nobody.stdout], [2, '']);
    assert.match(nobody.stderr, /The doctor cannot begin: az account show: Please run 'az login'/);
    const nothing = await examine([['^functionapp list', []], ...inOrder]);
    assert.match(nothing.stderr, /rg-example holds no function app/);
  });
});
