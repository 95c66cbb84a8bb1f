/**
 * `npm run bench:chaos`: 200 runs of mixed kinds over 50 threads, two hosts on one storage, of which one is
 * killed at random every 5 s, and 2 % of all requests to storage gone wrong. Takes minutes. Ends with an exit
 * code other than 0 when a run is lost, a message doubled, a thread stuck or a file left over.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { startArmEmulator } from '../local/arm/emulator.ts';
import { startAzurite } from '../local/azurite.ts';
import { emulatedSessions } from '../local/settings.ts';
import { findPython } from '../local/setup/find-python.mjs';
import { systemClock } from '../shared/clock.ts';
import { readConfig } from '../shared/config.ts';
import { openStorageAccount } from '../shared/store/connection.ts';
import { openStores } from '../shared/store/stores.ts';
import { startFaultProxy } from '../test/support/fault-proxy.ts';
import { startScriptedModel } from '../test/support/scripted-model.ts';
import { Caller, type Outcome, persist } from './chaos/caller.ts';
import { injectFaults } from './chaos/faults.ts';
import { Hosts } from './chaos/hosts.ts';
import { chaosModel, kindOf } from './chaos/kinds.ts';
import { Recovery } from './chaos/recovery.ts';
import { faultless, judge } from './chaos/verdict.ts';
import { percentile } from './report.ts';

const THREADS = 50;
const RUNS_PER_THREAD = 4;
const AT_ONCE = 12;
const THREADS_WITH_CODE = 8;
const KILL_EVERY_MS = 5000;

const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`;

const python = findPython();
if (!python) throw new Error('No Python has the modules of the session agent: run node local/setup.mjs');
const [azurite, arm, model] = await Promise.all([
  startAzurite(),
  startArmEmulator({ python }),
  startScriptedModel({ respond: chaosModel() }),
]);
const proxy = await startFaultProxy(azurite.connectionString);
const environment = {
  PATH: process.env.PATH ?? '',
  AzureWebJobsStorage: proxy.connectionString,
  STORAGE_PREFIX: 'chaos',
  API_KEYS: 'team:KEY',
  OPENAI_BASE_URL: model.url,
  OPENAI_API_KEY: 'none',
  ...emulatedSessions(arm.url),
};
const hosts = new Hosts(environment);
// What is only looked at is looked at without faults.
const direct = readConfig({ ...environment, AzureWebJobsStorage: azurite.connectionString });
const recovery = new Recovery(openStores(await openStorageAccount(direct), systemClock).runs);

try {
  await hosts.start();
  const assistants = await makeAssistants();
  const startedAt = performance.now();
  const faults = injectFaults(proxy);
  const killing = new AbortController();
  const killed = killAgainAndAgain(killing.signal);
  const { outcomes, stuck } = await everyThread(assistants);
  killing.abort();
  await killed;
  const tookMs = performance.now() - startedAt;
  proxy.fault = () => undefined;
  await recovery.settled();

  const verdict = await judge(hosts.client(), outcomes, stuck);
  const { times } = recovery;
  const ends = Object.entries(Object.groupBy(outcomes, ({ run }) => run?.status ?? 'never ended'));
  console.log(`runs              ${outcomes.length} over ${THREADS} threads in ${seconds(tookMs)}`);
  console.log(`ended             ${ends.map(([status, all]) => `${all?.length} ${status}`).join(', ')}`);
  console.log(`hosts killed      ${hosts.kills.length}`);
  console.log(`storage faults    ${faults.injected}`);
  console.log(`runs lost         ${verdict.lost.length}`);
  console.log(`messages doubled  ${verdict.doubled.length}`);
  console.log(`threads stuck     ${verdict.stuck.length}`);
  console.log(`files left over   ${verdict.orphans.length}`);
  console.log(
    `recovery          ${times.length} takeovers; p50 ${seconds(percentile(times, 0.5))}, ` +
      `p95 ${seconds(percentile(times, 0.95))}, max ${seconds(Math.max(...times))}`,
  );
  for (const problem of Object.values(verdict).flat()) console.log(`  ${problem}`);
  process.exitCode = faultless(verdict) ? 0 : 1;
} finally {
  await hosts.stop();
  await Promise.all([model.stop(), proxy.stop(), arm.stop()]);
  await azurite.stop();
}

async function makeAssistants(): Promise<{ plain: string; code: string }> {
  const tools = [{ type: 'function' as const, function: { name: 'f' } }];
  const make = (more: { type: 'code_interpreter' }[]) =>
    persist(
      (client) => client.beta.assistants.create({ model: 'scripted', tools: [...tools, ...more] }),
      hosts,
    );
  const [plain, code] = await Promise.all([make([]), make([{ type: 'code_interpreter' }])]);
  return { plain: plain.id, code: code.id };
}

async function killAgainAndAgain(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await delay(KILL_EVERY_MS, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    const died = await recovery.noteOwners();
    const at = performance.now();
    await hosts.kill();
    died(at);
  }
}

/** Some threads at a time, in each one run after another. */
async function everyThread(assistants: { plain: string; code: string }) {
  const outcomes: Outcome[] = [];
  const stuck: string[] = [];
  const waiting = Array.from({ length: THREADS }, (_, thread) => thread);
  const work = async () => {
    for (let thread = waiting.shift(); thread !== undefined; thread = waiting.shift()) {
      const hasSession = thread < THREADS_WITH_CODE;
      const caller = await Caller.begin(hosts, recovery, hasSession ? assistants.code : assistants.plain);
      for (let run = 0; run < RUNS_PER_THREAD; run++) {
        outcomes.push(await caller.ask(kindOf(thread, run, hasSession), `${thread}-${run}`));
      }
      await caller.say('still here').catch((error: unknown) => stuck.push(`${caller.threadId}: ${error}`));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { outcomes, stuck };
}
