import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';

import OpenAI from 'openai';

import { buildPackage, type PackageReport } from '../../local/build.ts';
import { testStorage } from '../support/azurite.ts';
import { assertNoHandlerThrew, startHost } from '../support/host.ts';
import { echo, startScriptedModel } from '../support/scripted-model.ts';

suite('the deployment package', () => {
  let dist: string;
  let report: PackageReport;
  before(async () => {
    dist = await mkdtemp(join(tmpdir(), 'hourglass-package-'));
    report = await buildPackage(dist);
  });
  after(() => rm(dist, { recursive: true, force: true }));

  test('is complete in itself: a manifest, host.json, bundles, and no node_modules', async () => {
    const manifest = JSON.parse(await readFile(join(dist, 'package.json'), 'utf8'));
    assert.equal(manifest.main, 'functions/*.js');
    assert.equal(manifest.type, 'module');
    assert.equal(manifest.dependencies, undefined);
    assert.deepEqual((await readdir(dist)).sort(), [
      'chunks',
      'functions',
      'host.json',
      'package.json',
      'playground',
      'sbom.cdx.json',
      'shared',
    ]);
  });

  test('says what it is made of: a bill of materials in CycloneDX, every package with version, hash and licence', async () => {
    const bill = JSON.parse(await readFile(join(dist, 'sbom.cdx.json'), 'utf8'));
    assert.deepEqual([bill.bomFormat, bill.specVersion], ['CycloneDX', '1.5']);
    const names = new Set<string>(bill.components.map(({ name }: { name: string }) => name));
    for (const name of [
      '@azure/functions',
      '@azure/data-tables',
      'zod',
      'openai',
      '@azure/core-rest-pipeline',
    ]) {
      assert.ok(names.has(name), name);
    }
    assert.ok(!names.has('azurite') && !names.has('esbuild'), 'what only builds and tests is not in it');
    for (const { name, purl, version, licenses, hashes } of bill.components) {
      assert.ok(purl.endsWith(`@${version}`), name);
      assert.match(hashes?.[0]?.content ?? '', /^[0-9a-f]{128}$/, name);
      assert.match(licenses?.[0]?.expression ?? '', /^(MIT|ISC|0BSD|BSD-[23]-Clause|Apache-2\.0)$/, name);
    }
  });

  test('brings the playground, at most 150 KB compressed in all', () => {
    const { brotliBytes, gzipBytes } = report.playground;
    assert.ok(brotliBytes < 150_000 && gzipBytes < 150_000, JSON.stringify(report.playground));
  });

  test('is sent by azd as it is', async () => {
    const [azure, ignored] = await Promise.all(
      ['azure.yaml', '.funcignore'].map((name) => readFile(name, 'utf8')),
    );
    assert.match(azure!, /^ +dist: dist$/m);
    // azd would install packages in Azure, or stop, where .funcignore leaves node_modules out.
    assert.match(azure!, /^ +remoteBuild: false$/m);
    assert.match(ignored!, /^\*\n!node_modules$/m);
  });

  test('keeps Resource Manager, identity, the model client and token tables for those who need them', () => {
    // buildPackage throws when one of them is loaded at the start; most of the package is such code.
    assert.ok(report.startBytes * 2 < report.totalBytes, JSON.stringify(report));
  });

  test('starts in the local host and completes a run with the official client', async (t) => {
    await using model = await startScriptedModel({ respond: echo });
    const storage = await testStorage();
    const host = await startHost({
      root: dist,
      functions: 'functions/*.js',
      environment: {
        PATH: process.env.PATH,
        AzureWebJobsStorage: storage.connectionString,
        STORAGE_PREFIX: storage.prefix,
        API_KEYS: 'package:KEY-OF-THE-PACKAGE',
        OPENAI_BASE_URL: model.url,
        OPENAI_API_KEY: 'none',
        MODELS: 'scripted',
        SESSION_ARM_ENDPOINT: 'http://127.0.0.1:9',
        SESSION_SUBSCRIPTION_ID: 'none',
        SESSION_RESOURCE_GROUP: 'none',
        SESSION_LOCATION: 'none',
        SESSION_IMAGE: 'none',
        // Telemetry is loaded, too, and sends to nobody: the discard port of this machine.
        APPLICATIONINSIGHTS_CONNECTION_STRING:
          'InstrumentationKey=00000000-0000-0000-0000-000000000000;IngestionEndpoint=http://127.0.0.1:9/',
        APPLICATION_INSIGHTS_NO_STATSBEAT: 'true',
      },
    });
    t.after(() => host.stop());
    const client = new OpenAI({ baseURL: `${host.url}/v1`, apiKey: 'KEY-OF-THE-PACKAGE' });
    const assistant = await client.beta.assistants.create({ model: 'scripted' });
    const thread = await client.beta.threads.create({
      messages: [{ role: 'user', content: 'hello, package' }],
    });
    const run = await client.beta.threads.runs.createAndPoll(thread.id, { assistant_id: assistant.id });
    assert.equal(run.status, 'completed', JSON.stringify(run.last_error));
    const { data } = await client.beta.threads.messages.list(thread.id);
    const [part] = data[0]?.content ?? [];
    assert.equal(part?.type === 'text' && part.text.value, 'hello, package');
    // The page is off unless it is asked for: then its addresses are none, as every other.
    const [page, docs, icon] = await Promise.all(
      ['/', '/docs', '/favicon.ico'].map((path) => fetch(`${host.url}${path}`, { redirect: 'manual' })),
    );
    assert.deepEqual([page?.status, docs?.status, icon?.status], [404, 302, 404]);
    assert.match((await page?.text()) ?? '', /"code":"unknown_url"/);
    assert.equal(docs?.headers.get('location'), '/openapi.json');
    assertNoHandlerThrew(host);
  });
});
