/**
 * The conformance suite against any deployment:
 *
 *     npm run conformance -- --base-url https://NAME.azurewebsites.net --key KEY --model gpt-4o
 *
 * Use a key of a project that nobody else works in: rows look at whole lists, and what they make is deleted at
 * the end. Exits with 1 when the target does not behave as documented.
 */
import { parseArgs, styleText } from 'node:util';

import { openApi } from './api.ts';
import { checkRow, ROW_MS, reasonToSkip, Silent, unseenOperations } from './check.ts';
import { cleanUp } from './clean-up.ts';
import { rows } from './rows/all.ts';
import { remoteScript, type Target } from './scene/target.ts';

const USAGE = `Usage: npm run conformance -- --base-url URL --key KEY [options]

  --base-url URL          the deployment, without /v1
  --key KEY               one of its API_KEYS, of a project of its own
  --second-key KEY        of another project: checks that projects are apart
  --model NAME            a model or deployment it has (default: the first that it lists)
  --scripted-model URL    the scripted model behind it, for rows that decide what a model says
  --document FILE         the public OpenAPI document, to check answers against it too
  --only TEXT             rows that contain the text
  --patience SECONDS      the suite ends with a row that takes longer (default: ${ROW_MS / 1000})`;

const { values: options } = parseArgs({
  options: {
    'base-url': { type: 'string' },
    key: { type: 'string' },
    'second-key': { type: 'string' },
    model: { type: 'string' },
    'scripted-model': { type: 'string' },
    document: { type: 'string' },
    only: { type: 'string', default: '' },
    patience: { type: 'string', default: String(ROW_MS / 1000) },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

if (options.help || !options['base-url'] || !options.key) {
  console.log(USAGE);
  process.exit(options.help ? 0 : 2);
}

const patienceMs = Number(options.patience) * 1000;
const place = {
  baseUrl: options['base-url'].replace(/\/+(v1|openai|openai\/v1)?\/*$/, ''),
  key: options.key,
  secondKey: options['second-key'],
  document: options.document,
};
const target: Target = {
  ...place,
  model: options.model ?? (await firstModel(place)),
  script: options['scripted-model'] === undefined ? undefined : remoteScript(options['scripted-model']),
};
const open = openApi(target);
const counts = { passed: 0, failed: 0, skipped: 0 };
const started = performance.now();
const chosen = rows.filter(({ says }) => says.includes(options.only));

console.log(`${chosen.length} rows against ${target.baseUrl}, model ${target.model}\n`);
for (const row of chosen) {
  const reason = reasonToSkip(row, target);
  if (reason !== undefined) {
    counts.skipped += 1;
    console.log(`${styleText('yellow', 'skip')} ${row.says} (it ${reason})`);
    continue;
  }
  try {
    await checkRow(open, row, target, patienceMs);
    counts.passed += 1;
    console.log(`${styleText('green', 'ok')}   ${row.says}`);
  } catch (error) {
    counts.failed += 1;
    const text = error instanceof Error ? error.message : String(error);
    console.log(`${styleText('red', 'FAIL')} ${row.says}\n${text.replaceAll(/^/gm, '       ')}`);
    if (error instanceof Silent) {
      console.log('\nThe deployment has stopped answering. What the rows made in it is still there.');
      process.exit(1);
    }
  }
}
await cleanUp(target, open.made);

const unseen = unseenOperations(open);
if (options.only === '' && unseen.length > 0) console.log(`\nNot seen done: ${unseen.join(', ')}`);
const seconds = Math.round((performance.now() - started) / 1000);
console.log(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped, in ${seconds} s`);
process.exitCode = counts.failed > 0 ? 1 : 0;

async function firstModel(of: Omit<Target, 'model'>): Promise<string> {
  const { api } = openApi({ ...of, model: '' });
  const [model] = (await api.client.models.list({ timeout: patienceMs, maxRetries: 0 })).data;
  if (model) return model.id;
  console.log('The deployment lists no model: name one with --model.');
  process.exit(2);
}
