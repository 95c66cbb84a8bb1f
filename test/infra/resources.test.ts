import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import type { Node } from 'web-tree-sitter';

import { type BicepFile, type BicepResource, propertiesOf } from './bicep.ts';
import { allBicep } from './files.ts';
import { resourceTypes, type Shape } from './resource-types.ts';

const files = await allBicep();

/** Bicep's own words in a resource's body. */
const META = new Set(['dependsOn']);

/** Every object literal that a value may become: behind arrays, conditions, calls, loops, and variables. */
function objectsIn(value: Node, file: BicepFile): Node[] {
  if (value.type === 'object') return [value];
  if (value.type === 'identifier') {
    const variable = file.variables.get(value.text);
    return variable ? objectsIn(variable, file) : [];
  }
  if (value.type === 'member_expression' || value.type === 'string') return [];
  return value.namedChildren.flatMap((child) => (child ? objectsIn(child, file) : []));
}

function paths(object: Node, file: BicepFile, prefix = ''): { path: string; value: Node }[] {
  return propertiesOf(object).flatMap(({ name, value }) => {
    const path = `${prefix}${name}`;
    return [{ path, value }, ...objectsIn(value, file).flatMap((inner) => paths(inner, file, `${path}.`))];
  });
}

function isKnown(path: string, shape: Readonly<Record<string, Shape>>): boolean {
  let at: Shape = shape;
  for (const name of path.split('.')) {
    if (at === true) return true;
    const next: Shape | undefined = at[name];
    if (next === undefined) return false;
    at = next;
  }
  return true;
}

function check(resource: BicepResource, file: BicepFile): void {
  const type = resourceTypes[resource.type];
  assert.ok(type, `${resource.type} is not in resource-types.ts: look it up and add it with its source`);
  assert.equal(resource.apiVersion, type.apiVersion, `${resource.type}: see ${type.source}`);
  const present = paths(resource.body, file).map(({ path }) => path);
  assert.deepEqual(
    present.filter((path) => !META.has(path.split('.')[0]!) && !isKnown(path, type.shape)),
    [],
    `unknown properties: see ${type.source}`,
  );
  const required = resource.existing ? ['name'] : type.required;
  assert.deepEqual(
    required.filter((path) => !present.includes(path)),
    [],
    `missing properties: see ${type.source}`,
  );
}

suite('every resource has the API version and the properties that the documentation shows', () => {
  for (const [path, file] of files) {
    for (const resource of file.resources) {
      test(`${path}: ${resource.symbol} (${resource.type})`, () => check(resource, file));
    }
  }

  test('the table holds no type that is not used', () => {
    const used = new Set([...files.values()].flatMap((file) => file.resources.map(({ type }) => type)));
    assert.deepEqual(
      Object.keys(resourceTypes).filter((type) => !used.has(type)),
      [],
    );
  });
});
