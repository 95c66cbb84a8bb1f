import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

interface Package {
  readonly version: string;
  readonly license?: string;
  readonly dev?: true;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly hasInstallScript?: true;
}

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, Package> };
const all = Object.entries(lock.packages).filter(([place]) => place !== '');

/** Of what is deployed: permissive, without conditions on those who use it. */
const DEPLOYED = new Set(['MIT', 'ISC', '0BSD', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0']);
/** Of what only builds and tests. */
const TOOLS = new Set([
  ...DEPLOYED,
  'MIT OR Apache-2.0',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'CC-BY-4.0',
  'Python-2.0',
  'Unlicense',
  'MPL-2.0',
  // uri-templates, of Azurite: public domain, or MIT.
  'http://geraintluff.github.io/tv4/LICENSE.txt',
]);

test('every package has a licence that fits its use', () => {
  const wrong = all.flatMap(([place, { license, dev }]) =>
    license !== undefined && (dev ? TOOLS : DEPLOYED).has(license) ? [] : [`${place}: ${license ?? 'none'}`],
  );
  assert.deepEqual(wrong, []);
});

test('every package has a hash, and none comes from anywhere but the registry', () => {
  const wrong = all.flatMap(([place, { resolved, integrity }]) =>
    integrity?.startsWith('sha512-') && resolved === undefined ? [] : [place],
  );
  assert.deepEqual(
    wrong,
    [],
    'registries are left out of the lock file: what names an address is from elsewhere',
  );
});

test('nothing that is deployed runs a program when it is installed', () => {
  assert.deepEqual(
    all.filter(([, { dev, hasInstallScript }]) => !dev && hasInstallScript).map(([place]) => place),
    [],
  );
});

test('dependencies are pinned exactly', () => {
  const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Record<string, Record<string, string>>;
  const versions = ['dependencies', 'devDependencies', 'optionalDependencies'].flatMap((kind) =>
    Object.entries(manifest[kind] ?? {}),
  );
  assert.deepEqual(
    versions.filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)),
    [],
  );
});
