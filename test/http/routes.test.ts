import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

import { parseRouteTemplate } from '../../local/host/route-template.ts';
import { doors } from '../../shared/http/path.ts';
import { functionsOf } from '../../shared/http/routes.ts';
import { type OperationName, operations } from '../../shared/operations/all.ts';

/**
 * Azure tries routes in alphabetical order of the functions' names, whatever their precedence
 * (https://github.com/Azure/azure-functions-nodejs-library/issues/300): only routes that do not overlap are
 * safe.
 */
const LAST = 'z-unknown-url';

const routes = [
  ...functionsOf(Object.keys(operations) as OperationName[]),
  { name: LAST, route: '{*path}' },
].flatMap(({ name, route }) =>
  doors.map((door) => ({ name, template: parseRouteTemplate(`${door}/${route}`) })),
);

test('a route follows from the paths of those whom a function serves', () => {
  const routeOf = (...names: OperationName[]) => functionsOf(names).map(({ name, route }) => [name, route]);
  assert.deepEqual(routeOf('getFileContent'), [['file-content', 'files/{file_id}/content']]);
  assert.deepEqual(routeOf('listRuns', 'getRun'), [['runs', 'threads/{thread_id}/runs/{run_id?}']]);
  // A literal beside a parameter is taken by the same route.
  assert.deepEqual(routeOf('createThread', 'createThreadAndRun', 'getThread'), [
    ['threads', 'threads/{thread_id?}'],
  ]);
  assert.deepEqual(routeOf('createUpload', 'addUploadPart'), [['uploads', 'uploads/{*path}']]);
});

test('every door opens: what has handlers serves them', () => {
  for (const file of globSync('functions/*.ts', { cwd: new URL('../..', import.meta.url).pathname })) {
    const text = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
    assert.equal(text.includes('export const handlers'), text.includes('\nserve(handlers, services);'), file);
  }
});

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
