import assert from 'node:assert/strict';
import { glob, readFile } from 'node:fs/promises';
import { suite, test } from 'node:test';

import { infra } from './bicep.ts';

const project = (path: string) => readFile(new URL(`../../${path}`, import.meta.url), 'utf8');
const operate = await project('docs/operate.md');

/** The metrics that the app makes, by name. */
const telemetry = await project('shared/observe/telemetry.ts');
const made = new Set([...telemetry.matchAll(/meter\.create\w+\('([\w.]+)'/g)].map(([, name]) => name!));
/** The table "Telemetry" of docs/operate.md: metric → its attributes. */
const documented = new Map(
  [...operate.matchAll(/^\| `(hourglass\.[\w.]+)` \|([^|]*)\|/gm)].map(([, name, attributes]) => [
    name!,
    [...attributes!.matchAll(/`(\w+)`/g)].map(([, attribute]) => attribute!),
  ]),
);
const queries: { path: string; text: string }[] = [];
for await (const path of glob('queries/*.kql', { cwd: infra })) {
  queries.push({ path, text: await project(`infra/${path}`) });
}

suite('the queries of infra/queries', () => {
  test('rest on metrics that the app makes, all of which docs/operate.md explains', () => {
    assert.equal(queries.length, 14);
    assert.deepEqual([...documented.keys()].sort(), [...made].sort());
  });

  for (const { path, text } of queries) {
    test(`${path} asks for metrics and attributes that exist`, () => {
      const metrics = [...text.matchAll(/'(hourglass\.[\w.]+)'/g)].map(([, name]) => name!);
      assert.deepEqual(
        metrics.filter((name) => !made.has(name)),
        [],
      );
      const known = new Set(metrics.flatMap((name) => documented.get(name) ?? []));
      // Those of spans are held against real ones in test/observe/incidents.test.ts.
      const ofMetrics = text.includes('AppDependencies') ? '' : text;
      const attributes = [...ofMetrics.matchAll(/\bProperties\.(\w+)/g)].map(([, name]) => name!);
      assert.deepEqual(
        attributes.filter((name) => !known.has(name)),
        [],
      );
      for (const name of attributes) assert.match(telemetry, new RegExp(`\\b${name}\\b`));
    });

    test(`${path} begins with what it is for`, () => assert.match(text, /^\/\/ \S/));
  }

  test('functions that templates and queries name are registered under that name', async () => {
    const registered = new Set<string>();
    for await (const file of glob('functions/*.ts', { cwd: new URL('../..', import.meta.url) })) {
      for (const [, name] of (await project(file)).matchAll(/app\.storageQueue\('(\w+)'/g))
        registered.add(name!);
    }
    const functionApp = await project('infra/modules/function-app.bicep');
    const named = [
      ...functionApp.matchAll(/var \w+Function = '(\w+)'/g),
      ...queries.flatMap(({ text }) => [...text.matchAll(/Name =~ '(\w+)'/g)]),
    ].map(([, name]) => name!);
    assert.deepEqual(named, ['runWorker', 'runPoison', 'chorePoison', 'indexPoison']);
    assert.deepEqual(
      named.filter((name) => !registered.has(name)),
      [],
    );
  });
});

suite('docs/deploy.md and docs/operate.md', () => {
  test('set only variables that main.parameters.json or the image build reads', async () => {
    const parameters = await project('infra/main.parameters.json');
    const read = new Set([
      'AZURE_SUBSCRIPTION_ID',
      'SKIP_SESSION_IMAGE',
      'SESSION_BASE_DIGEST',
      ...[...parameters.matchAll(/\$\{(\w+)/g)].map(([, name]) => name!),
    ]);
    for (const page of [await project('docs/deploy.md'), operate]) {
      const set = [...page.matchAll(/azd env set (\w+)/g)].map(([, name]) => name!);
      assert.deepEqual(
        set.filter((name) => !read.has(name)),
        [],
      );
    }
  });

  test('name only lines of the log that the app writes', async () => {
    let sources = '';
    for await (const path of glob('shared/**/*.ts', { cwd: new URL('../..', import.meta.url) }))
      sources += await project(path);
    const lines = [...operate.matchAll(/^\| `([^`]+)` \| (?:info|warn|error)/gm)].map(([, line]) => line!);
    assert.equal(lines.length, 20);
    // NAME stands for what is put in.
    const written = (line: string) =>
      new RegExp(`(['\`])${line.replace('NAME', String.raw`\$\{[^}]+\}`)}\\1`).test(sources);
    assert.deepEqual(
      lines.filter((line) => !written(line)),
      [],
    );
  });

  test('use only outputs that main.bicep has', async () => {
    const outputs = new Set(
      [...(await project('infra/main.bicep')).matchAll(/^output (\w+)/gm)].map(([, name]) => name!),
    );
    const own = new Set([
      ...[
        'AZURE_SUBSCRIPTION_ID',
        'KEY',
        'MODEL',
        'ASSISTANT',
        'NAME',
        'DOMAIN',
        'API_KEYS',
        'RUN',
        'CHAT_MODEL',
        'EMBEDDING_MODEL',
      ],
    ]);
    for (const page of [await project('docs/deploy.md'), operate]) {
      const used = [...page.matchAll(/\$\{?([A-Z][A-Z_]+)/g)].map(([, name]) => name!);
      assert.deepEqual(
        used.filter((name) => !outputs.has(name) && !own.has(name)),
        [],
      );
    }
  });
});
