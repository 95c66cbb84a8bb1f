import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

import { parseRouteTemplate } from '../../local/host/route-template.ts';
import { operations } from '../../shared/api/operations.ts';
import { doors } from '../../shared/http/path.ts';

/**
 * Azure tries routes in alphabetical order of the functions' names, whatever their precedence
 * (https://github.com/Azure/azure-functions-nodejs-library/issues/300): only routes that do not overlap are
 * safe.
 */
const LAST = 'z-unknown-url';

const routes = globSync('functions/*.ts', { cwd: new URL('../..', import.meta.url).pathname })
  .flatMap((file) => [
    ...readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8').matchAll(
      /^serve\('([^']+)', '([^']+)'/gm,
    ),
  ])
  .flatMap(([, name = '', route = '']) =>
    doors.map((door) => ({ name, template: parseRouteTemplate(`${door}/${route}`) })),
  );

test('every operation has exactly one function behind every door, whatever the order of routes', () => {
  for (const { path } of Object.values(operations)) {
    for (const door of doors) {
      const segments = `${door}${path}`.split('/').map((part) => part.replace(/^\{(\w+)\}$/, '$1-1'));
      const fitting = routes.filter(({ template }) => template.match(segments)).map(({ name }) => name);
      const own = fitting.filter((name) => name !== LAST);
      assert.equal(own.length, 1, `${door}${path}: ${fitting.join(', ')}`);
    }
  }
});

test('the function for unknown addresses comes last in the alphabet, and takes the rest', () => {
  const names = [...new Set(routes.map(({ name }) => name))].sort();
  assert.equal(names.at(-1), LAST);
  for (const door of doors) {
    const fitting = routes.filter(({ template }) => template.match(`${door}/no/such/thing`.split('/')));
    assert.ok(fitting.some(({ name }) => name === LAST));
  }
});
