import { createServer } from 'node:net';
import { resolve } from 'node:path';

import { ConfigError, readConfig } from '../shared/config.ts';
import { embeddingModel } from '../shared/search/embed/embedders.ts';
import { claimDataDir, type DataDir } from './data-dir.ts';
import { type Emulation, startEmulation } from './emulation.ts';
import { hasModel, hostEnvironment } from './settings.ts';
import { findPython } from './setup/find-python.mjs';
import { onStopRequest } from './stop-request.ts';
import { watchSources } from './watch-sources.ts';
import { welcome } from './welcome.ts';

/**
 * `npm start`: the whole of Hourglass on this machine, until Ctrl-C. Settings by environment: PORT (7071),
 * DATA_DIR (.data), API_KEYS, AzureWebJobsStorage, OPENAI_BASE_URL, AZURE_OPENAI_ENDPOINT, SESSION_ISOLATION,
 * SESSION_PYTHON, and every setting of the app. With `--watch` (`npm run dev`) the app starts anew when its code changes.
 */
const DEFAULT_PORT = 7071;
/** At Ctrl-C people wait: work that is not done by then is taken up again at the next start. */
const DRAIN_SECONDS = 3;

/** What has not ended by then is killed with this process: storage, sandboxes and the host end when it does. */
const STOP_MS = 30_000;

const environment = process.env;
let dataDir: DataDir | undefined;
let emulation: Emulation | undefined;
let stopping = false;

async function stop(exitCode: number): Promise<never> {
  stopping = true;
  setTimeout(() => process.exit(exitCode || 1), STOP_MS).unref();
  await emulation?.stop();
  await dataDir?.release();
  process.exit(exitCode);
}

const stopRequest = onStopRequest(async (reason) => {
  process.stderr.write(`\n${reason}: stopping …\n`);
  // A start that is under way is stopped as soon as it is done.
  await starting.catch(() => undefined);
  await stop(0);
});

async function start(): Promise<Emulation> {
  const port = readPort(environment.PORT);
  checkSettings();
  await checkPort(port);
  dataDir = await claimDataDir(resolve(environment.DATA_DIR || '.data'));
  process.stderr.write('Starting storage, Python sessions and the Functions host …\n');
  emulation = await startEmulation({
    port,
    dataDir: dataDir.path,
    apiKeys: environment.API_KEYS || (await dataDir.apiKey()),
    environment,
    drainSeconds: DRAIN_SECONDS,
    onLog: (text) => process.stderr.write(text),
  });
  return emulation;
}

function readPort(text: string | undefined): number {
  if (text === undefined || text === '') return DEFAULT_PORT;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Error(`PORT=${text} is no port; for example PORT=${DEFAULT_PORT}`);
  }
  return port;
}

/** All of them, before anything is started: the host would say the same after half a minute, and with its stack. */
function checkSettings(): void {
  const emulated = {
    storage: 'UseDevelopmentStorage=true',
    apiKeys: environment.API_KEYS || 'made:at-the-start',
    armUrl: 'http://127.0.0.1:1',
    demoModelUrl: hasModel(environment) ? undefined : 'http://127.0.0.1:1/v1',
  };
  readConfig(hostEnvironment(environment, emulated));
  if (!findPython(environment))
    throw new Error('No Python has the modules of the session agent: run node local/setup.mjs');
}

/** Before anything else is started, and in plain words. */
async function checkPort(port: number): Promise<void> {
  const server = createServer();
  await new Promise<void>((done, failed) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const problem =
        error.code === 'EADDRINUSE' ? 'is in use by another program' : `cannot be used (${error.code})`;
      failed(new Error(`Port ${port} ${problem}. Choose another one: PORT=${port + 1} npm start`));
    });
    server.listen(port, '127.0.0.1', () => server.close(() => done()));
  });
}

async function restart(): Promise<void> {
  if (stopping) return;
  process.stderr.write('The code has changed: starting the app anew …\n');
  await emulation?.restartHost().catch((error: unknown) => {
    // What it printed says where; the next change tries again.
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  });
}

const starting = start();
try {
  const { url, apiKey, model, broken } = await starting;
  await dataDir?.announce({ url, apiKey });
  if (!stopRequest.received()) {
    const isolated = environment.SESSION_ISOLATION !== 'none';
    process.stdout.write(
      welcome({
        url,
        apiKey,
        model,
        demo: !hasModel(environment),
        embeddings: embeddingModel(environment),
        isolated,
        playground: environment.PLAYGROUND !== 'off',
      }),
    );
  }
  if (process.argv.includes('--watch')) watchSources(['functions', 'shared'], restart);
  const reason = await broken;
  if (!stopping) {
    process.stderr.write(`\n${reason} Stopping the rest.\n`);
    await stop(1);
  }
} catch (error) {
  process.stderr.write(
    error instanceof ConfigError
      ? `\n${error.message}\n`
      : `\nHourglass cannot start: ${error instanceof Error ? error.message : String(error)}\n`,
  );
  await dataDir?.release();
  process.exit(1);
}
