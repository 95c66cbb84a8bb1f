#!/usr/bin/env node
/**
 * An `az` for the doctor's tests. FAKE_AZ names a JSON file: pairs of a regular expression over the arguments and the
 * answer (`{"error": "…"}`: it fails with that). Requests about container groups go to the Resource Manager emulator at
 * FAKE_ARM. What is asked is written to FAKE_AZ_LOG, a line each.
 */
import { appendFileSync, readFileSync } from 'node:fs';

const { FAKE_AZ, FAKE_AZ_LOG, FAKE_ARM } = process.env;
const args = process.argv.slice(2);
const option = (name) => args[args.indexOf(name) + 1];
const asked = args.join(' ');
appendFileSync(FAKE_AZ_LOG, `${asked.slice(0, 400)}\n`);

function fail(problem) {
  process.stderr.write(`ERROR: ${problem}\n`);
  process.exit(1);
}

if (args[0] === 'rest' && option('--url').includes('/containerGroups/')) {
  const { pathname, search } = new URL(option('--url'));
  const body = option('--method') === 'put' ? option('--body') : undefined;
  const answer = await fetch(`${FAKE_ARM}${pathname}${search}`, {
    method: option('--method').toUpperCase(),
    headers: { 'content-type': 'application/json' },
    ...(body ? { body } : {}),
  });
  const text = await answer.text();
  if (!answer.ok) fail(text);
  process.stdout.write(text);
} else {
  const known = JSON.parse(readFileSync(FAKE_AZ, 'utf8')).find(([pattern]) =>
    new RegExp(pattern).test(asked),
  );
  if (!known) fail(`this az knows no answer to: ${asked}`);
  if (known[1]?.error) fail(known[1].error);
  process.stdout.write(JSON.stringify(known[1]));
}
