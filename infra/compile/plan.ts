import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

import type { BicepCompiler } from './compiler.ts';

/** What a deployment would make, as far as it can be computed without Azure. */
export interface Plan {
  readonly predictedResources: readonly PlannedResource[];
  readonly diagnostics: readonly unknown[];
}

export interface PlannedResource {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly apiVersion: string;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly [property: string]: unknown;
}

/**
 * The compiler's `snapshot` of main.bicep with these parameters. What only Azure knows stays an expression in square
 * brackets. @throws {Error} with the compiler's diagnostics where the parameters do not fit
 */
export function planDeployment(
  compiler: BicepCompiler,
  infra: string,
  parameters: Readonly<Record<string, unknown>>,
): Plan {
  const folder = mkdtempSync(join(tmpdir(), 'hourglass-plan-'));
  try {
    const file = join(folder, 'plan.bicepparam');
    const lines = Object.entries(parameters).map(([name, value]) => `param ${name} = ${literal(value)}`);
    writeFileSync(file, `using '${relative(folder, join(infra, 'main.bicep'))}'\n${lines.join('\n')}\n`);
    const run = compiler.run(['snapshot', file, '--mode', 'overwrite', ...placeOfDeployment]);
    if (run.code !== 0) throw new Error(run.stderr.trim());
    return JSON.parse(readFileSync(join(folder, 'plan.snapshot.json'), 'utf8')) as Plan;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const placeOfDeployment = [
  ...['--subscription-id', '00000000-0000-0000-0000-000000000001'],
  ...['--location', 'swedencentral'],
];

/** A value as Bicep writes it. */
function literal(value: unknown): string {
  if (typeof value === 'string')
    return `'${value.replace(/[\\']/g, String.raw`\$&`).replaceAll('${', '\\${')}'`;
  if (Array.isArray(value)) return `[\n${value.map(literal).join('\n')}\n]`;
  if (typeof value === 'object' && value !== null) {
    return `{\n${Object.entries(value)
      .map(([name, item]) => `${literal(name)}: ${literal(item)}`)
      .join('\n')}\n}`;
  }
  return String(value);
}
