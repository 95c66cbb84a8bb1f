import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { suite, test } from 'node:test';

import { infra } from './bicep.ts';
import { allBicep } from './files.ts';

const files = await allBicep();
const parameters = JSON.parse(await readFile(resolve(infra, 'main.parameters.json'), 'utf8')) as {
  parameters: Record<string, { value: string }>;
};

/** What the compiler (compiler.test.ts) has no opinion on. */
suite('the templates of infra/', () => {
  test('every template is used', () => {
    const used = new Set([...files.values()].flatMap((file) => file.modules.map((module) => module.path)));
    assert.deepEqual(
      [...files.keys()].filter((path) => path !== 'main.bicep' && !used.has(path)),
      [],
    );
  });

  test('the parameters file passes every parameter of main.bicep, each from one variable of the environment', () => {
    const declared = [...files.get('main.bicep')!.params.keys()];
    assert.deepEqual(Object.keys(parameters.parameters).sort(), declared.sort());
    const variables = Object.values(parameters.parameters).map(
      ({ value }) => /^\$\{(\w+)(?:=[^${}]*)?\}$/.exec(value)?.[1],
    );
    assert.equal(new Set(variables.filter((name) => name !== undefined)).size, declared.length);
  });

  test('every parameter of main.bicep is explained there', () => {
    const { text } = files.get('main.bicep')!.root;
    const unexplained = [...text.matchAll(/((?:^@.*\n)*)^param (\w+)/gm)]
      .filter(([, decorators]) => !decorators?.includes('@description('))
      .map(([, , name]) => name);
    assert.deepEqual(unexplained, []);
  });

  test('no output comes back as a parameter that it would freeze', () => {
    // azd keeps outputs in the environment that main.parameters.json reads.
    const variables = new Set(
      Object.values(parameters.parameters).map(({ value }) => /^\$\{(\w+)/.exec(value)?.[1]),
    );
    const same = [...files.get('main.bicep')!.outputs].filter((name) => variables.has(name));
    assert.deepEqual(
      same,
      ['AZURE_LOCATION', 'SESSION_IMAGE_TAG'],
      'these two repeat their parameter unchanged',
    );
  });
});
