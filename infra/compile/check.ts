import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { type ParametersFile, resolveAsAzd, type TemplateParameter } from './azd-parameters.ts';
import type { BicepCompiler } from './compiler.ts';
import { planDeployment } from './plan.ts';

/** The variables that azd asks for or that have no default, with values that nobody takes for real ones. */
export const EXAMPLE_ENVIRONMENT: Readonly<Record<string, string>> = {
  AZURE_ENV_NAME: 'example',
  AZURE_LOCATION: 'swedencentral',
  CHAT_MODEL: 'a-chat-model@2026-01-01',
  EMBEDDING_MODEL: 'an-embedding-model@1',
  API_KEYS: 'team-a:EXAMPLE-KEY-0123456789',
};

/**
 * Compiles and lints every template of `infra`, and its parameters file as azd reads it. Warnings count: a line that
 * is right all the same carries `#disable-next-line` and why.
 * @returns the problems, none when all is well
 */
export function checkTemplates(compiler: BicepCompiler, infra: string): string[] {
  const linted = compiler.run(['lint', '--pattern', join(infra, '**/*.bicep')]);
  const built = compiler.run(['build', join(infra, 'main.bicep'), '--stdout']);
  const problems = [...new Set([...linted.stderr.split('\n'), ...built.stderr.split('\n')])]
    .map((line) => line.trim())
    .filter(Boolean);
  if (built.code !== 0) return problems.length > 0 ? problems : ['main.bicep does not compile'];
  const { parameters } = JSON.parse(built.stdout) as { parameters: Record<string, TemplateParameter> };
  const file = JSON.parse(readFileSync(join(infra, 'main.parameters.json'), 'utf8')) as ParametersFile;
  const resolved = resolveAsAzd(file, parameters, EXAMPLE_ENVIRONMENT);
  problems.push(
    ...resolved.problems,
    ...resolved.asked.map(
      (name) => `${name}: azd would ask for it, though all variables of the example are set`,
    ),
  );
  if (problems.length > 0) return problems;
  try {
    const { diagnostics } = planDeployment(compiler, infra, resolved.values);
    return diagnostics.map((diagnostic) => JSON.stringify(diagnostic));
  } catch (error) {
    return [(error as Error).message];
  }
}
