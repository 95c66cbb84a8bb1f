/**
 * Makes sure that everything is there, then runs a script with a Node that can run it:
 * `node local/setup.mjs [--no-sessions] [local/start.ts [arguments]]`. Plain JavaScript without dependencies, for
 * Node >= 20, because it runs before anything is installed. Quick when nothing is missing, and safe to repeat.
 * `--no-sessions`: for what starts no Python here, neither Python nor sandbox is looked for.
 */
import { spawn } from 'node:child_process';
import { delimiter, dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { findBubblewrap } from './setup/bubblewrap.mjs';
import { exclusively } from './setup/exclusively.mjs';
import { findNode } from './setup/find-node.mjs';
import { findPython } from './setup/find-python.mjs';
import { installBubblewrap, installPython } from './setup/install-python.mjs';
import { installNodePackages, nodePackagesAreCurrent } from './setup/node-packages.mjs';
import { project, SetupError } from './setup/run-command.mjs';

async function prepare({ sessions }) {
  if (!nodePackagesAreCurrent()) await exclusively(installNodePackages, nodePackagesAreCurrent);
  const node = findNode();
  if (!sessions) return node;
  if (!findPython()) await exclusively(installPython, () => findPython() !== undefined);
  if (!findBubblewrap()) await exclusively(installBubblewrap, findBubblewrap);
  return node;
}

/** In this process where that is possible: nothing then stands between a signal and the script. */
async function run(node, script, scriptArguments) {
  if (node === process.execPath) {
    process.argv = [process.execPath, resolve(script), ...scriptArguments];
    await import(pathToFileURL(resolve(script)).href);
    return;
  }
  const path = `${dirname(node)}${delimiter}${process.env.PATH ?? ''}`;
  const child = spawn(node, [script, ...scriptArguments], {
    stdio: 'inherit',
    // By its pid the script knows when this process is gone without a word.
    env: { ...process.env, PATH: path, HOURGLASS_STARTER: String(process.pid) },
  });
  endWithNpm(() => child.kill('SIGTERM'));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

/** npm may be killed without a chance to say so. The script ends in order then, as at a signal. */
function endWithNpm(end) {
  if (process.env.npm_lifecycle_event === undefined) return;
  const npm = process.ppid;
  const check = setInterval(() => {
    if (process.ppid === npm) return;
    clearInterval(check);
    end();
  }, 1_000);
  check.unref();
}

try {
  process.chdir(project);
  const words = process.argv.slice(2);
  const sessions = words[0] !== '--no-sessions';
  const node = await prepare({ sessions });
  const [script, ...scriptArguments] = sessions ? words : words.slice(1);
  if (script !== undefined) await run(node, script, scriptArguments);
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  process.stderr.write(`\nHourglass cannot be set up here.\n${error.message}\n`);
  process.exit(1);
}
