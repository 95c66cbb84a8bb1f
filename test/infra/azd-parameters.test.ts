import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import { resolveAsAzd } from '../../infra/compile/azd-parameters.ts';
import { infra } from './bicep.ts';

const one = (variable: string, parameter: { type: string; defaultValue?: unknown }, environment = {}) =>
  resolveAsAzd({ parameters: { p: { value: `\${${variable}}` } } }, { p: parameter }, environment);

// The cases of azd's own tests: Test_armParameterFileValue in bicep_provider_test.go.
suite('the parameters file as azd reads it', () => {
  test('a variable that is not set and has no default is asked for', () => {
    assert.deepEqual(one('P', { type: 'string' }).asked, ['p']);
    assert.deepEqual(one('P', { type: 'string' }, { P: 'x' }).values, { p: 'x' });
  });

  test('one that is set to nothing is asked for, too, unless the template has a default', () => {
    assert.deepEqual(one('P', { type: 'string' }, { P: '' }).asked, ['p']);
    assert.deepEqual(one('P', { type: 'string', defaultValue: 'd' }, { P: '' }).values, { p: '' });
    assert.deepEqual(one('P=', { type: 'string', defaultValue: 'd' }).values, {});
  });

  test('a text becomes what the template wants', () => {
    assert.deepEqual(one('P=true', { type: 'bool' }).values, { p: true });
    assert.deepEqual(one('P=12', { type: 'int' }).values, { p: 12 });
    assert.deepEqual(one('P', { type: 'array' }, { P: '[{"a":1}]' }).values, { p: [{ a: 1 }] });
  });

  test('and is a problem where it cannot', () => {
    for (const [type, text] of [
      ['bool', 'yes'],
      ['int', '1.5'],
      ['array', 'a,b'],
    ] as const) {
      assert.equal(one('P', { type }, { P: text }).problems.length, 1, type);
    }
  });

  test('with an empty environment azd asks for what no default could answer', async () => {
    const file = JSON.parse(await readFile(join(infra, 'main.parameters.json'), 'utf8')) as {
      parameters: Record<string, { value: string }>;
    };
    // What is nothing here has the template's own default.
    const template = await readFile(join(infra, 'main.bicep'), 'utf8');
    const hasOwn = (name: string) => new RegExp(`^param ${name} \\w+ =`, 'm').test(template);
    const withoutDefault = Object.entries(file.parameters)
      .filter(([name, { value }]) => !value.includes('=') && !hasOwn(name))
      .map(([name]) => name);
    assert.deepEqual(withoutDefault.sort(), [
      'apiKeys',
      'chatModel',
      'embeddingModel',
      'environmentName',
      'location',
    ]);
  });
});
