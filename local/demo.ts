import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { runningIn } from './data-dir.ts';
import { isPlay, PLAYS, runDemo } from './demo/run-demo.ts';
import { startEmulation } from './emulation.ts';
import { onStopRequest } from './stop-request.ts';

/**
 * `npm run demo [-- analyst] [--model NAME] [--folder .] [--url … --key …]`: the documentation's walkthrough and a
 * question to three documents, or an analyst's questions about three tables; against the Hourglass that `npm start`
 * runs in this folder, or the one that is named, else in an emulation of its own (nothing is kept). Exits 0 when all
 * pictures, citations and files are there.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: 'string' },
    folder: { type: 'string', default: '.' },
    url: { type: 'string' },
    key: { type: 'string' },
  },
});
if ((values.url === undefined) !== (values.key === undefined)) {
  process.stderr.write(
    '--url and --key go together: the address of a running Hourglass, and one of its keys\n',
  );
  process.exit(2);
}

const [play = 'walkthrough', ...others] = positionals;
if (!isPlay(play) || others.length > 0) {
  process.stderr.write(`npm run demo plays one of ${Object.keys(PLAYS).join(', ')}\n`);
  process.exit(2);
}

const print = (line: string) => void process.stdout.write(`${line}\n`);
let log = '';
const running =
  values.url === undefined ? await runningIn(resolve(process.env.DATA_DIR || '.data')) : undefined;
if (running) print(`Using the Hourglass that runs at ${running.url}`);
const emulation =
  values.url === undefined && !running
    ? await startEmulation({
        environment: process.env,
        drainSeconds: 3,
        onLog: (text) => {
          log += text;
        },
      })
    : undefined;
onStopRequest(async () => {
  await emulation?.stop();
  process.exit(130);
});

try {
  const { url, apiKey: key } = emulation ?? running ?? { url: values.url ?? '', apiKey: values.key ?? '' };
  const model = values.model ?? emulation?.model;
  await runDemo({ play, url, key, model, folder: values.folder, print });
} catch (error) {
  process.exitCode = 1;
  process.stderr.write(
    `\n${log}\nThe demo failed: ${error instanceof Error ? error.message : String(error)}\n`,
  );
} finally {
  await emulation?.stop();
}
// Kept-alive connections of the client would hold the process for seconds.
process.exit();
