import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { suite, test } from 'node:test';

import { infra, parseBicep, propertiesOf, propertyOf, syntaxErrors } from './bicep.ts';
import { allBicep } from './files.ts';
import { symbolUse } from './symbols.ts';

const files = await allBicep();
const parameters = JSON.parse(await readFile(resolve(infra, 'main.parameters.json'), 'utf8')) as {
  parameters: Record<string, { value: string }>;
};

suite('the templates of infra/', () => {
  for (const [path, file] of files) {
    test(`${path} parses, and declares what it names`, () => {
      assert.deepEqual(syntaxErrors(file.root), []);
      assert.deepEqual(symbolUse(file), { undeclared: [], unknownFunctions: [], unusedParams: [] });
    });

    for (const module of file.modules) {
      test(`${path}: module ${module.symbol} gets what it declares, no more and no less`, () => {
        const target = files.get(module.path);
        assert.ok(target, `${module.path} does not exist`);
        const params = propertyOf(module.body, 'params');
        const given = params ? propertiesOf(params).map(({ name }) => name) : [];
        const required = [...target.params].filter(([, { required }]) => required).map(([name]) => name);
        assert.deepEqual(
          given.filter((name) => !target.params.has(name)),
          [],
          'passed, not declared',
        );
        assert.deepEqual(
          required.filter((name) => !given.includes(name)),
          [],
          'required, not passed',
        );
      });
    }

    test(`${path}: every output that is read exists`, () => {
      for (const [text, symbol, output] of file.root.text.matchAll(/\b(\w+)!?\.outputs\.(\w+)/g)) {
        const module = file.modules.find((candidate) => candidate.symbol === symbol);
        assert.ok(module, `${text}: no module ${symbol}`);
        assert.ok(files.get(module.path)?.outputs.has(output!), `${text}: ${module.path} has no such output`);
      }
    });

    test(`${path}: every file that is loaded exists`, async () => {
      for (const [, name] of file.root.text.matchAll(/load(?:Text|Json)Content\('([^']+)'\)/g)) {
        await readFile(resolve(infra, path, '..', name!), 'utf8');
      }
    });
  }

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

suite('the checks themselves', () => {
  test('find syntax errors, undeclared names and unused parameters', () => {
    assert.notDeepEqual(syntaxErrors(parseBicep('x.bicep', "param a string =\nresource b 'c' {").root), []);
    const use = symbolUse(
      parseBicep('x.bicep', 'param a string\noutput b string = c\noutput d string = frob(1)\n'),
    );
    assert.deepEqual(use, { undeclared: ['c'], unknownFunctions: ['frob'], unusedParams: ['a'] });
  });
});
