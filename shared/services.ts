import { setTimeout } from 'node:timers/promises';
import { type Audit, createAudit } from './callers/audit.ts';
import { type Clock, SECOND, systemClock } from './clock.ts';
import { type Config, readConfig } from './config.ts';
import { crashAt } from './crash-points.ts';
import type { EngineDependencies } from './engine/claim/dependencies.ts';
import { WorkInProgress } from './engine/claim/work-in-progress.ts';
import { EventLogs } from './events/event-log.ts';
import { createGate, type Gate } from './http/gate.ts';
import type { IndexingDependencies } from './indexing/dependencies.ts';
import { announceDeletion } from './indexing/forget-file.ts';
import { consoleLog, errorFields, type Log } from './log.ts';
import { createModel } from './model/openai.ts';
import { observeCode, observeModel, observeRuns, observeSessions } from './observe/observed.ts';
import { watchStorageFaults } from './observe/storage-faults.ts';
import { createTelemetry, type Telemetry } from './observe/telemetry.ts';
import { ChoreQueue } from './queue/chore-queue.ts';
import { IndexQueue } from './queue/index-queue.ts';
import { RunQueue } from './queue/run-queue.ts';
import { createSearch } from './search/search.ts';
import { armContainerGroups } from './sessions/arm-container-groups.ts';
import type { ContainerGroups } from './sessions/container-groups.ts';
import { HOME, type PlaceSettings } from './sessions/place-settings.ts';
import { type Places, placesOf } from './sessions/places.ts';
import { projectShare } from './sessions/project-share.ts';
import type { Sessions } from './sessions/session.ts';
import { sessionEnds } from './sessions/session-ends.ts';
import { createSessions } from './sessions/session-manager.ts';
import { orphanSweep } from './sessions/session-removal.ts';
import { openStorageAccount, type StorageAccount } from './store/connection.ts';
import { ensureStorage, openStores } from './store/stores.ts';
import { CodeInterpreter } from './tools/code-interpreter.ts';
import { FileSearchTool } from './tools/file-search.ts';

/** Everything that functions need, made once per process. */
export interface Services extends EngineDependencies, IndexingDependencies {
  readonly chores: ChoreQueue;
  readonly sessions: Sessions;
  readonly groups: Places;
  readonly sweepSessions: () => Promise<void>;
  readonly events: EventLogs;
  readonly audit: Audit;
  readonly gate: Gate;
  readonly telemetry: Telemetry;
  /** Sends what was measured and not yet sent. */
  readonly flushTelemetry: () => Promise<void>;
  readonly account: StorageAccount;
}

/** The composition root: configuration → real neighbours. @throws {ConfigError} */
export async function createServices(
  config: Config,
  { clock = systemClock, log = consoleLog }: { clock?: Clock; log?: Log } = {},
): Promise<Services> {
  const flushTelemetry = await startTelemetry(config);
  const telemetry = createTelemetry();
  const account = await openStorageAccount(config);
  watchStorageFaults(account.hosts, telemetry);
  await ensureStorage(account);
  const indexQueue = new IndexQueue(account.queue('index'));
  const plain = openStores(account, clock, (project, fileId) =>
    announceDeletion({ stores: plain, indexQueue, clock }, project, fileId),
  );
  const stores = { ...plain, runs: observeRuns(plain.runs, telemetry, clock, log) };
  const crash = crashAt(config.HOURGLASS_CRASH_AT);
  const chores = new ChoreQueue(account.queue('chores'));
  const groups = placesOf(
    config.SESSION_PLACES.map((place) => ({ ...place, groups: containerGroups(config, place) })),
    {
      clock,
      onRefusal: (place, { code }) => telemetry.placeRefused(place, code),
    },
  );
  const report = (problem: string, error: unknown) => log.warn(problem, errorFields(error));
  const sweepSessions = orphanSweep({ groups, clock, report });
  const unobserved = createSessions({
    groups,
    store: stores.sessions,
    queue: chores,
    ends: sessionEnds({ queue: chores, marks: stores.endMarks, clock, ttlMs: config.sessionTtlMs }),
    share: projectShare({
      seats: stores.seats,
      clock,
      limit: config.SESSION_LIMIT_PER_PROJECT * groups.takers,
      report,
    }),
    clock,
    settings: {
      installation: config.STORAGE_PREFIX,
      ttlMs: config.sessionTtlMs,
      startTimeoutMs: config.sessionStartTimeoutMs,
      callTimeoutMs: config.sessionCallTimeoutMs,
    },
    sweep: sweepSessions,
    report,
  });
  const sessions = observeSessions(unobserved, telemetry, { clock, log, ttlMs: config.sessionTtlMs });
  const codeInterpreter = new CodeInterpreter({ config, clock, stores, sessions, crash });
  const audit = createAudit(config.AUDIT, log, () => account.container('audit'));
  const search = createSearch({ config, container: account.container('search'), clock, log, crash });
  const events = new EventLogs(account.container('events'), log);
  return {
    config,
    clock,
    log,
    stores,
    crash,
    chores,
    groups,
    sessions,
    sweepSessions,
    events,
    search,
    runQueue: new RunQueue(account.queue('runs')),
    indexQueue,
    model: observeModel(createModel(config), telemetry, clock),
    codeInterpreter: observeCode(codeInterpreter, telemetry, clock),
    fileSearch: new FileSearchTool({ clock, log, stores, finder: search.finder }),
    audit,
    gate: createGate({ config, clock, log, callerKeys: stores.callerKeys }),
    telemetry,
    flushTelemetry,
    account,
    drain: drained.signal,
    inProgress: new WorkInProgress(),
    openSink: (run) => events.open(run),
    tellSaved: (saved) => events.tellSaved(saved),
  };
}

const drained = new AbortController();

/** Asks the work of this process to come to a stop: runs are handed to other instances. */
const startDraining = (): void => drained.abort();

/** The platform gives a worker 5 s to end in order. */
const HAND_OVER_MS = 3.5 * SECOND;
const FLUSH_MS = SECOND;

/** Ends the work of this process in order: runs are handed over, and what was measured is sent. */
export async function endInOrder(): Promise<void> {
  startDraining();
  // What is still being made, as storage keeps it waiting, has no work to hand over.
  const all = await Promise.race([made?.catch(() => undefined), setTimeout(0)]);
  if (!all) return;
  await all.inProgress.idle(HAND_OVER_MS);
  const sent = Promise.all([all.flushTelemetry(), all.audit.flush()]);
  await Promise.race([sent, setTimeout(FLUSH_MS, undefined, { ref: false })]);
}

/**
 * Ends this process at its first SIGTERM, in order; at a second one it ends at once. Where something else listens to
 * the signal, as the local host does, that ends the process in its own order, and here only the runs are handed over.
 */
export function endAtSignal(): void {
  process.once('SIGTERM', () => {
    startDraining();
    if (process.listenerCount('SIGTERM') > 0) return;
    // Nobody listens any more, so that the signal does what it does by default.
    void endInOrder().finally(() => process.kill(process.pid, 'SIGTERM'));
  });
}

let made: Promise<Services> | undefined;

/** The services of this process, made at the first call. A failure is not kept: the next call tries again. */
export function services(): Promise<Services> {
  made ??= createServices(readConfig()).catch((error: unknown) => {
    made = undefined;
    consoleLog.error('the services of this process could not be made', errorFields(error));
    throw error;
  });
  return made;
}

/** @returns how to send what was measured and not yet sent */
async function startTelemetry(config: Config): Promise<() => Promise<void>> {
  const { APPLICATIONINSIGHTS_CONNECTION_STRING: destination, AZURE_CLIENT_ID: clientId } = config;
  if (!destination) return async () => {};
  const { startAzureMonitor } = await import('./observe/azure-monitor.ts');
  return startAzureMonitor(destination, clientId);
}

/** The container groups of one place: what it does not say is as the settings have it. */
function containerGroups(config: Config, place: PlaceSettings): ContainerGroups {
  // A pool belongs to the place that it stands in.
  const home = place.name === HOME;
  const pool = place.standbyPool ?? (home ? config.SESSION_STANDBY_POOL : undefined);
  const profile = place.containerGroupProfile ?? (home ? config.SESSION_CONTAINER_GROUP_PROFILE : undefined);
  return armContainerGroups({
    endpoint: config.SESSION_ARM_ENDPOINT,
    subscriptionId: place.subscriptionId ?? config.SESSION_SUBSCRIPTION_ID ?? '',
    resourceGroup: place.resourceGroup ?? config.SESSION_RESOURCE_GROUP ?? '',
    installation: config.STORAGE_PREFIX,
    location: place.location ?? config.SESSION_LOCATION ?? '',
    image: place.image ?? config.SESSION_IMAGE ?? '',
    cpu: config.SESSION_CPU,
    memoryGb: config.SESSION_MEMORY_GB,
    subnetId: place.subnetId ?? config.SESSION_SUBNET_ID,
    registryServer: place.registryServer ?? config.SESSION_REGISTRY_SERVER,
    registryIdentityId: place.registryIdentityId ?? config.SESSION_REGISTRY_IDENTITY_ID,
    clientId: config.AZURE_CLIENT_ID,
    standbyPool: pool && profile ? { poolId: pool, profile } : undefined,
  });
}
