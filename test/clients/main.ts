import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { startAzurite } from '../../local/azurite.ts';
import { lastUserText, type TurnOf } from '../support/scripted-turn.ts';
import { startStack } from '../support/stack.ts';

/**
 * `npm run test:clients`: the smallest real program for each language goes through the life of an application
 * against a real host, with nothing but the address and the key changed. What a machine lacks is skipped by name.
 * Not part of `npm test`: it needs the languages' own tools, and .NET's fetches its packages.
 */
interface Client {
  readonly name: string;
  /** Commands that end with 0 where the client can be run. */
  readonly needs: readonly (readonly string[])[];
  readonly run: readonly string[];
}

const here = fileURLToPath(new URL('.', import.meta.url));
const build = mkdtempSync(join(tmpdir(), 'hg-clients-'));
const python = process.env.CLIENTS_PYTHON ?? 'python3';

const clients: readonly Client[] = [
  {
    name: ".NET: OpenAI 2.10.0 and Azure.AI.OpenAI 2.9.0-beta.1, and what Semantic Kernel's agents do with them",
    needs: [
      ['dotnet', '--version'],
      ['dotnet', 'restore', join(here, 'dotnet')],
    ],
    run: ['dotnet', 'run', '--no-restore', '--project', join(here, 'dotnet')],
  },
  {
    name: '.NET: Betalgo.Ranul.OpenAI 9.2.6',
    needs: [
      ['dotnet', '--version'],
      ['dotnet', 'restore', join(here, 'betalgo')],
    ],
    run: ['dotnet', 'run', '--no-restore', '--project', join(here, 'betalgo')],
  },
  {
    name: 'Python: openai, as it is installed',
    needs: [[python, '-c', 'import openai']],
    // Every call warns that the hosted API is to end.
    run: [python, '-W', 'ignore', join(here, 'python/client.py')],
  },
  {
    name: "PHP: openai-php's requests and its reading of answers",
    needs: [['php', '-r', 'exit(function_exists("curl_init") ? 0 : 1);']],
    run: ['php', join(here, 'php/client.php')],
  },
  {
    name: "Ruby: ruby-openai's requests and its reading of answers",
    needs: [['ruby', '--version']],
    run: ['ruby', join(here, 'ruby/client.rb')],
  },
  {
    name: "Go: go-openai's requests and its reading of answers",
    needs: [['go', 'version']],
    run: ['go', 'run', join(here, 'go/client.go')],
  },
];

/** A model that knows what these programs ask. */
const answer: TurnOf = (request) => {
  const asked = lastUserText(request);
  const isAnswered = request.body.messages.at(-1)?.role === 'tool';
  if (asked.includes('slow')) return { text: 'Well', pieces: ['stall'] };
  if (asked.includes('code')) {
    return isAnswered
      ? { text: 'It is 42.' }
      : { toolCalls: [{ name: 'python', arguments: { code: 'print(6 * 7)' } }] };
  }
  if (asked.includes('weather')) {
    const city = { city: 'Paris' };
    return isAnswered ? { text: 'It rains.' } : { toolCalls: [{ name: 'get_weather', arguments: city }] };
  }
  return { text: ['Hello', ' from', ' the', ' model.'] };
};

const has = ([command = '', ...rest]: readonly string[]): boolean =>
  spawnSync(command, rest, { stdio: 'ignore', env: { ...process.env, CLIENTS_BUILD: build } }).status === 0;

/** The exit code of a program; what it prints is shown. */
function run(
  [command = '', ...rest]: readonly string[],
  environment: Record<string, string>,
): Promise<number> {
  const program = spawn(command, rest, {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    program.once('error', reject);
    program.once('exit', (code) => resolve(code ?? 1));
  });
}

const chosen = process.argv.slice(2);
const tally = { passed: 0, failed: 0, skipped: 0 };
const azurite = process.env.TEST_STORAGE ? undefined : await startAzurite();
process.env.TEST_STORAGE ??= azurite?.connectionString;
const stack = await startStack();
stack.model.respond(answer);
try {
  for (const { name, needs, run: program } of clients) {
    if (chosen.length > 0 && !chosen.some((word) => name.toLowerCase().includes(word.toLowerCase())))
      continue;
    const lacking = needs.find((command) => !has(command));
    if (lacking) {
      tally.skipped += 1;
      process.stdout.write(`- ${name}: skipped, \`${lacking.join(' ')}\` fails here\n`);
      continue;
    }
    process.stdout.write(`▶ ${name}\n`);
    const environment = {
      BASE_URL: stack.host.url,
      API_KEY: 'KEY-A',
      CLIENTS_BUILD: build,
      GOFLAGS: '-mod=mod',
    };
    const isGood = (await run(program, environment)) === 0;
    tally[isGood ? 'passed' : 'failed'] += 1;
    process.stdout.write(`${isGood ? '✔' : '✖'} ${name}\n`);
  }
} finally {
  await stack[Symbol.asyncDispose]();
  await azurite?.stop();
  rmSync(build, { recursive: true, force: true });
}
process.stdout.write(`${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped\n`);
process.exitCode = tally.failed > 0 ? 1 : 0;
