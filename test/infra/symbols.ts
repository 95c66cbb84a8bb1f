import type { Node } from 'web-tree-sitter';

import type { BicepFile } from './bicep.ts';

/** Functions and decorators in use. https://learn.microsoft.com/azure/azure-resource-manager/bicep/bicep-functions */
const FUNCTIONS = new Set(
  `subscription resourceGroup tenant environment subscriptionResourceId guid uniqueString toLower string split last trim
   empty union concat cidrSubnet loadTextContent loadJsonContent
   description minLength maxLength minValue maxValue allowed secure`.split(/\s+/),
);

export interface SymbolUse {
  readonly undeclared: readonly string[];
  readonly unknownFunctions: readonly string[];
  readonly unusedParams: readonly string[];
}

/** What a file names without declaring it, and what it declares for nothing. */
export function symbolUse(file: BicepFile): SymbolUse {
  const declared = new Set([
    ...file.params.keys(),
    ...file.variables.keys(),
    ...file.modules.map((module) => module.symbol),
    ...file.resources.map((resource) => resource.symbol),
  ]);
  for (const loop of file.root.descendantsOfType('for_statement')) {
    for (const name of loopVariables(loop!)) declared.add(name);
  }
  const used = new Set<string>();
  const called = new Set<string>();
  for (const node of file.root.descendantsOfType('identifier')) {
    if (!node || isDeclaration(node) || isKey(node) || node.text === 'targetScope') continue;
    (isFunction(node) ? called : used).add(node.text);
  }
  return {
    undeclared: [...used].filter((name) => !declared.has(name)),
    unknownFunctions: [...called].filter((name) => !FUNCTIONS.has(name)),
    unusedParams: [...file.params.keys()].filter((name) => !used.has(name)),
  };
}

function loopVariables(loop: Node): string[] {
  const header = /^\[?\s*for\s+(?:\((\w+),\s*(\w+)\)|(\w+))\s+in/.exec(loop.text);
  return header ? header.slice(1).filter((name) => name !== undefined) : [];
}

const isDeclaration = (node: Node): boolean =>
  /_declaration$/.test(node.parent?.type ?? '') && node.parent?.namedChildren[0]?.id === node.id;

const isKey = (node: Node): boolean =>
  node.parent?.type === 'object_property' && node.parent.namedChildren[0]?.id === node.id;

const isFunction = (node: Node): boolean =>
  node.parent?.type === 'call_expression' && node.parent.namedChildren[0]?.id === node.id;
