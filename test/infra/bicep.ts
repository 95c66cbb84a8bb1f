import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Language, type Node, Parser } from 'web-tree-sitter';

/**
 * Reads Bicep with the tree-sitter grammar, as far as the checks in this folder need. Whether it compiles, and what
 * Azure knows, is the compiler's to say (compiler.test.ts).
 */
export const infra = fileURLToPath(new URL('../../infra', import.meta.url));

export interface BicepFile {
  /** Relative to infra/. */
  readonly path: string;
  readonly root: Node;
  readonly params: ReadonlyMap<string, { readonly required: boolean }>;
  readonly variables: ReadonlyMap<string, Node>;
  readonly outputs: ReadonlySet<string>;
  readonly modules: readonly BicepModule[];
  readonly resources: readonly BicepResource[];
}

export interface BicepModule {
  readonly symbol: string;
  /** Relative to infra/, of the file that it uses. */
  readonly path: string;
  readonly body: Node;
}

export interface BicepResource {
  readonly symbol: string;
  readonly type: string;
  readonly apiVersion: string;
  readonly existing: boolean;
  readonly body: Node;
}

const require = createRequire(import.meta.url);
await Parser.init();
const parser = new Parser();
parser.setLanguage(await Language.load(require.resolve('tree-sitter-bicep/tree-sitter-bicep.wasm')));

export async function readBicep(path: string): Promise<BicepFile> {
  return parseBicep(path, await readFile(resolve(infra, path), 'utf8'));
}

export function parseBicep(path: string, text: string): BicepFile {
  const tree = parser.parse(text);
  if (!tree) throw new Error(`${path} was not parsed`);
  const root = tree.rootNode;
  const all = (type: string) => root.descendantsOfType(type).filter((node) => node !== null);
  return {
    path,
    root,
    params: new Map(
      all('parameter_declaration').map((node) => [symbolOf(node), { required: !hasDefault(node) }]),
    ),
    variables: new Map(all('variable_declaration').map((node) => [symbolOf(node), node.lastNamedChild!])),
    outputs: new Set(all('output_declaration').map(symbolOf)),
    modules: all('module_declaration').map((node) => ({
      symbol: symbolOf(node),
      path: relative(infra, resolve(infra, dirname(path), literal(node.namedChildren[1]!))),
      body: bodyOf(node),
    })),
    resources: all('resource_declaration').map((node) => {
      const [type = '', apiVersion = ''] = literal(node.namedChildren[1]!).split('@');
      const existing = node.children.some((child) => child?.text === 'existing');
      return { symbol: symbolOf(node), type, apiVersion, existing, body: bodyOf(node) };
    }),
  };
}

/** The properties of an object literal; comments are not among them. */
export function propertiesOf(object: Node): { readonly name: string; readonly value: Node }[] {
  return object.namedChildren
    .filter((child) => child?.type === 'object_property')
    .map((property) => {
      const [key, value] = [property!.namedChildren[0]!, property!.namedChildren.at(-1)!];
      return { name: key.type === 'string' ? key.text.slice(1, -1) : key.text, value };
    });
}

export const propertyOf = (object: Node, name: string): Node | undefined =>
  propertiesOf(object).find((property) => property.name === name)?.value;

/** The text of a string without interpolation. */
export const literal = (node: Node): string => node.text.slice(1, -1);

const symbolOf = (declaration: Node): string => declaration.namedChildren[0]!.text;

const hasDefault = (parameter: Node): boolean =>
  parameter.children.some((child) => child?.text === '=') ||
  parameter.namedChildren.some((child) => child?.type === 'nullable_type');

/** The object of a declaration, behind `if (…)` and `[for … in …: …]`. */
function bodyOf(declaration: Node): Node {
  let node = declaration.lastNamedChild!;
  while (node.type === 'for_statement' || node.type === 'if_statement') node = node.lastNamedChild!;
  if (node.type !== 'object')
    throw new Error(`No object where one belongs: ${declaration.text.slice(0, 80)}`);
  return node;
}
