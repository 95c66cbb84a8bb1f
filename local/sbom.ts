import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';

interface Locked {
  readonly version: string;
  readonly license?: string;
  readonly resolved?: string;
  readonly integrity?: string;
}

/**
 * What a bundle is made of, as a software bill of materials in CycloneDX 1.5 (https://cyclonedx.org/docs/1.5/json/):
 * the packages whose files are in it, not those that are merely installed. The same for the same sources, so it has
 * neither a time nor a serial number.
 * @param inputs files that went into the bundle, as paths below `root`
 * @throws for a package that package-lock.json does not know
 */
export async function billOfMaterials(root: string, inputs: Iterable<string>): Promise<object> {
  const read = async (name: string) => JSON.parse(await readFile(resolve(root, name), 'utf8')) as object;
  const { name, version, license } = (await read('package.json')) as Record<string, string>;
  const { packages } = (await read('package-lock.json')) as { packages: Record<string, Locked> };
  const places = new Set([...inputs].flatMap((input) => placeOf(input) ?? []));
  const components = [...places].sort().map((place) => componentOf(place, packages[place]));
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.5.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: {
      component: {
        type: 'application',
        name,
        version,
        licenses: [{ license: { id: license } }],
      },
    },
    components,
  };
}

/** `node_modules/a/node_modules/@b/c/index.js` → `node_modules/a/node_modules/@b/c`. */
const placeOf = (input: string): string | undefined =>
  /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0];

function componentOf(place: string, locked: Locked | undefined) {
  if (!locked) throw new Error(`${place} is bundled, and package-lock.json does not know it`);
  const name = place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);
  const purl = `pkg:npm/${name.replace('@', '%40')}@${locked.version}`;
  const sha512 = /^sha512-(.+)$/.exec(locked.integrity ?? '')?.[1];
  return {
    type: 'library',
    'bom-ref': `${purl}#${place}`,
    name,
    version: locked.version,
    purl,
    ...(locked.license ? { licenses: [{ expression: locked.license }] } : {}),
    ...(sha512
      ? { hashes: [{ alg: 'SHA-512', content: Buffer.from(sha512, 'base64').toString('hex') }] }
      : {}),
  };
}
