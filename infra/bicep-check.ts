/** `npm run bicep:check`: the real compiler's word on infra/, its lint rules (infra/bicepconfig.json) and parameters. */
import { fileURLToPath } from 'node:url';

import { checkTemplates } from './compile/check.ts';
import { findBicepCompiler, NO_COMPILER } from './compile/compiler.ts';

const compiler = findBicepCompiler();
if (!compiler) {
  process.stderr.write(`${NO_COMPILER}\n`);
  process.exit(1);
}
process.stdout.write(`${compiler.description}\n`);
const problems = checkTemplates(compiler, fileURLToPath(new URL('.', import.meta.url)));
for (const problem of problems) process.stdout.write(`${problem}\n`);
process.stdout.write(
  problems.length === 0 ? 'infra/ compiles without a warning.\n' : `${problems.length} problems.\n`,
);
process.exitCode = problems.length === 0 ? 0 : 1;
