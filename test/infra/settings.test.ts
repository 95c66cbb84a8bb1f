import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { suite, test } from 'node:test';

import { settings } from '../../shared/config.ts';
import { propertiesOf, readBicep } from './bicep.ts';
import {
  FOR_CORE_TOOLS,
  FOR_THE_HOST,
  LEFT_AT_DEFAULT,
  NOT_IN_DOCUMENT,
  NOT_LOCAL,
} from './setting-lists.ts';

/**
 * One setting, four places: shared/config.ts reads it, Bicep or its default sets it, the sample shows a local
 * value, docs/settings.md explains it. Adding it in one place only fails here, by name.
 */
const project = (path: string) => readFile(new URL(`../../${path}`, import.meta.url), 'utf8');

const inCode = Object.keys(settings.shape);
const functionApp = await readBicep('modules/function-app.bicep');
const inBicep = propertiesOf(functionApp.variables.get('settings')!).map(({ name }) => name);
const inSample = Object.keys(
  (JSON.parse(await project('local.settings.sample.json')) as { Values: Record<string, string> }).Values,
);
const inDocument = [...(await project('docs/settings.md')).matchAll(/^\| `(\w+)` \|/gm)].map(
  ([, name]) => name!,
);
const overrides = Object.keys(JSON.parse(await project('infra/settings.json')) as Record<string, string>);

const without = (names: readonly string[], ...others: readonly (readonly string[])[]) => {
  const known = new Set(others.flat());
  return names.filter((name) => !known.has(name));
};
const both = (names: readonly string[], others: readonly string[]) =>
  names.filter((name) => others.includes(name));

suite('settings agree between code, Bicep, the local sample and docs/settings.md', () => {
  test('every setting that the code reads is set by Bicep, or is listed as left at its default', () => {
    assert.deepEqual(without(inCode, inBicep, Object.keys(LEFT_AT_DEFAULT)), []);
    assert.deepEqual(both(inBicep, Object.keys(LEFT_AT_DEFAULT)), [], 'set by Bicep after all');
  });

  test('every app setting of Bicep is read by the code, or is listed as meant for the host', () => {
    assert.deepEqual(without(inBicep, inCode, Object.keys(FOR_THE_HOST)), []);
    assert.deepEqual(without(overrides, inCode, Object.keys(FOR_THE_HOST)), [], 'in infra/settings.json');
  });

  test('local.settings.sample.json shows every setting that can be set locally, and no other', () => {
    assert.deepEqual(without(inCode, inSample, Object.keys(NOT_LOCAL)), []);
    assert.deepEqual(without(inSample, inCode, Object.keys(FOR_CORE_TOOLS)), []);
  });

  test('the table of docs/settings.md has a row for every setting, and no other', () => {
    assert.deepEqual(without(inCode, inDocument, Object.keys(NOT_IN_DOCUMENT)), []);
    assert.deepEqual(without(inDocument, inCode), []);
    assert.equal(new Set(inDocument).size, inDocument.length, 'a row twice');
  });

  test('the lists name nothing that is gone', () => {
    assert.deepEqual(
      without(Object.keys({ ...LEFT_AT_DEFAULT, ...NOT_LOCAL, ...NOT_IN_DOCUMENT }), inCode),
      [],
    );
    assert.deepEqual(without(Object.keys(FOR_THE_HOST), inBicep), []);
    assert.deepEqual(without(Object.keys(FOR_CORE_TOOLS), inSample), []);
  });
});
