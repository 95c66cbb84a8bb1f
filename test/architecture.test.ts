import assert from 'node:assert/strict';
import { glob, readFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';

/**
 * The arrows of docs/architecture.md: which room may import from which, and which packages. Types alone
 * (`import type`) may point anywhere; they are gone when the code runs.
 */
const rooms: Record<string, { readonly from: readonly string[]; readonly packages: RegExp }> = {
  'shared/api': { from: ['shared/api', 'shared/ids.ts', 'shared/clock.ts'], packages: /^zod$/ },
  'shared/model': {
    from: ['shared/model', 'shared/log.ts', 'shared/clock.ts'],
    packages: /^(openai|gpt-tokenizer|@azure\/identity)/,
  },
  'shared/store': {
    from: ['shared/store', 'shared/api', 'shared/ids.ts', 'shared/clock.ts', 'shared/log.ts'],
    packages: /^@azure\/(data-tables|storage-blob|storage-queue|identity)$/,
  },
  'shared/queue': {
    from: ['shared/queue', 'shared/store', 'shared/clock.ts', 'shared/log.ts'],
    packages: /^(zod|@azure\/storage-queue)$/,
  },
  'shared/sessions': {
    from: ['shared/sessions', 'shared/ids.ts', 'shared/clock.ts', 'shared/log.ts'],
    packages: /^(zod|@azure\/(arm-containerinstance|identity))$/,
  },
  'shared/search': {
    from: [
      'shared/search',
      'shared/model',
      'shared/store/in-batches.ts',
      'shared/ids.ts',
      'shared/clock.ts',
      'shared/log.ts',
    ],
    packages: /^(fflate|gpt-tokenizer|htmlparser2|unpdf|word-extractor)/,
  },
  'shared/tools': {
    from: [
      'shared/tools',
      'shared/sessions/session.ts',
      'shared/store',
      'shared/ids.ts',
      'shared/clock.ts',
      'shared/log.ts',
    ],
    packages: /^$/,
  },
  'shared/engine': {
    from: [
      'shared/engine',
      'shared/run',
      'shared/api',
      'shared/store',
      'shared/queue',
      'shared/events',
      'shared/model',
      'shared/tools',
      'shared/sessions',
      'shared/ids.ts',
      'shared/clock.ts',
      'shared/log.ts',
    ],
    packages: /^$/,
  },
};

const IMPORT = /^(?:import|export) (?!type )[^;]*?from '([^']+)'|import\('([^']+)'\)/gms;

for (const [room, allowed] of Object.entries(rooms)) {
  test(`${room} imports only what it may`, async () => {
    const wrong: string[] = [];
    for await (const file of glob(`${room}/**/*.ts`)) {
      for (const [statement, first, second] of (await readFile(file, 'utf8')).matchAll(IMPORT)) {
        const target = first ?? second ?? '';
        if (target.startsWith('node:') || target.includes('$') || onlyTypes(statement)) continue;
        const ok = target.startsWith('.')
          ? allowed.from.some((place) => inside(normalize(join(dirname(file), target)), place))
          : allowed.packages.test(target);
        if (!ok) wrong.push(`${file} → ${target}`);
      }
    }
    assert.deepEqual(wrong, []);
  });
}

test('nothing imports the doors', async () => {
  const wrong: string[] = [];
  for await (const file of glob('{shared,local}/**/*.ts')) {
    if (/from '[./]+functions\//.test(await readFile(file, 'utf8'))) wrong.push(file);
  }
  assert.deepEqual(wrong, []);
});

const inside = (path: string, place: string): boolean => path === place || path.startsWith(`${place}/`);

/** `import { type A, type B } from …` */
function onlyTypes(statement: string): boolean {
  const names = /\{([^}]*)\}/.exec(statement)?.[1];
  if (names === undefined || !statement.startsWith('import {')) return false;
  return names
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean)
    .every((name) => name.startsWith('type '));
}
