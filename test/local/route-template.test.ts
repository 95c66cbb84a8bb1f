import assert from 'node:assert/strict';
import { test } from 'node:test';

import { byPrecedence, parseRouteTemplate } from '../../local/host/route-template.ts';

const rows: readonly [template: string, path: string, params: Record<string, string> | undefined][] = [
  ['v1/threads', 'v1/threads', {}],
  ['v1/threads', 'V1/Threads', {}],
  ['v1/threads', 'v1/threads/x', undefined],
  ['v1/threads/{id}', 'v1/threads', undefined],
  ['v1/threads/{id}', 'v1/threads/Mixed-Case', { id: 'Mixed-Case' }],
  ['v1/threads/{id?}', 'v1/threads', {}],
  ['v1/threads/{id?}', 'v1/threads/x', { id: 'x' }],
  ['v1/threads/{id?}', 'v1/threads/x/y', undefined],
  ['v1/threads/{id}', 'v1/threads//', undefined],
  ['items/{n:int}', 'items/12', { n: '12' }],
  ['items/{n:int}', 'items/twelve', undefined],
  ['{*rest}', '', {}],
  ['{*rest}', 'a/b', { rest: 'a/b' }],
  ['files/{*path}', 'files/a/b', { path: 'a/b' }],
  ['files/{*path}', 'other/a', undefined],
];
for (const [template, path, params] of rows) {
  test(`${template} on "${path}" gives ${JSON.stringify(params)}`, () => {
    const segments = path === '' ? [] : path.split('/');
    assert.deepEqual(parseRouteTemplate(template).match(segments), params);
  });
}

test('literals come before constraints, parameters and catch-alls, from the left', () => {
  const sorted = ['{*rest}', 'a/{*rest}', '{x}/b', 'a/{x}', 'a/{x:int}', 'a/{x}/c', 'a/b', 'a'];
  const templates = sorted.map(parseRouteTemplate).sort(byPrecedence);
  assert.deepEqual(
    templates.map(({ text }) => text),
    ['a', 'a/b', 'a/{x:int}', 'a/{x}', 'a/{x}/c', 'a/{*rest}', '{x}/b', '{*rest}'],
  );
});

for (const template of ['admin/keys', 'runtime', '{*rest}/more', '{a?}/b', 'a-{b}', '{a:regex(x)}', '{}']) {
  test(`${template} is refused, by name`, () => {
    assert.throws(
      () => parseRouteTemplate(template),
      (error: Error) => error.message.startsWith(`Route "${template}"`),
    );
  });
}
