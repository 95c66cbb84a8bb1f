import assert from 'node:assert/strict';
import { test } from 'node:test';

import { circles, imports, type SourceFile, sourceFiles } from './architecture/imports.ts';
import { pictured, type Room } from './architecture/picture.ts';

/** The picture in docs/architecture.md and the code are the same: which room may know which, and which packages. */
const { rooms, typesOnly } = await pictured();
const files = await sourceFiles('{functions,shared,local,infra,bench,test}/**/*.{ts,mjs}');

const roomOf = (path: string): Room | undefined =>
  rooms.find(({ places }) => places.some((place) => path === place || path.startsWith(`${place}/`)));

const within = (room: Room): SourceFile[] => files.filter(({ path }) => roomOf(path) === room);

test('every file stands in a room of the picture, and every room of it is there', () => {
  assert.deepEqual(
    files.filter(({ path }) => !roomOf(path)).map(({ path }) => path),
    [],
  );
  // The agent's room is Python's.
  const empty = rooms.filter((room) => within(room).length === 0).map(({ name }) => name);
  assert.deepEqual(empty, ['session']);
});

for (const room of rooms) {
  test(`${room.name} knows only what it may`, () => {
    const wrong = within(room).flatMap((file) =>
      imports(file)
        .filter(({ target, isType }) => !mayKnow(room, target, isType))
        .map(({ target, isType }) => `${file.path} → ${target}${isType ? ' (type)' : ''}`),
    );
    assert.deepEqual(wrong, []);
  });
}

function mayKnow(room: Room, target: string, isType: boolean): boolean {
  if (target.startsWith('package:')) {
    const name = target.slice('package:'.length);
    return room.packages.some((known) => known === 'any' || name === known || fits(name, known));
  }
  const to = roomOf(target);
  if (!to) return !/^(shared|functions)\//.test(target);
  if (to === room) return true;
  if (to.name === 'functions') return room.name === 'test';
  if (to.isGround || room.knows.includes(to.name) || room.knows.includes('any')) return true;
  return isType && typesOnly.some(({ from, to: known }) => from === room.name && known === to.name);
}

const fits = (name: string, pattern: string): boolean =>
  pattern.endsWith('/*') && name.startsWith(pattern.slice(0, -1));

test('rooms know only rooms above them in the picture: there is no way round in a circle', () => {
  const wrong = rooms.flatMap((room, index) =>
    room.knows
      .filter((name) => name !== 'any' && !rooms.slice(0, index).some((above) => above.name === name))
      .map((name) => `${room.name} → ${name}`),
  );
  assert.deepEqual(wrong, []);
  const known = new Map(
    rooms.map((room) => [
      room.name,
      within(room).flatMap((file) =>
        imports(file).flatMap(({ target }) => {
          const to = roomOf(target);
          return to && to !== room ? [to.name] : [];
        }),
      ),
    ]),
  );
  assert.deepEqual(circles(known), []);
});

test('within a room nothing needs itself', () => {
  const needed = new Map(
    files.map((file) => [
      file.path,
      imports(file)
        .filter(({ isType }) => !isType)
        .map(({ target }) => target),
    ]),
  );
  assert.deepEqual(circles(needed), []);
});

/**
 * Benchmarks have their parts in folders of their names, and all write to one report. The ports of file search stand
 * above the folders that fill them, beside what puts those together.
 */
const MEANT = new Set(['bench', 'search']);

for (const room of rooms.filter(({ name }) => !MEANT.has(name))) {
  test(`the folders of ${room.name} lie in one direction, types included`, () => {
    const known = new Map<string, string[]>();
    for (const file of within(room)) {
      const others = imports(file)
        .filter(({ target }) => roomOf(target) === room && folderOf(target) !== folderOf(file.path))
        .map(({ target }) => folderOf(target));
      known.set(folderOf(file.path), [...(known.get(folderOf(file.path)) ?? []), ...others]);
    }
    assert.deepEqual(circles(known), []);
  });
}

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));
