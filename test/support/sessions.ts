import { type ArmEmulator, type EmulatorOptions, startArmEmulator } from '../../local/arm/emulator.ts';
import { findPython } from '../../local/setup/find-python.mjs';
import { type Clock, HOUR, MINUTE, systemClock } from '../../shared/clock.ts';
import { type ArmSettings, armContainerGroups } from '../../shared/sessions/arm-container-groups.ts';
import type { ContainerGroups } from '../../shared/sessions/container-groups.ts';
import { type Place, placesOf } from '../../shared/sessions/places.ts';
import { projectShare } from '../../shared/sessions/project-share.ts';
import type { ExecutionEvent, Session, Sessions } from '../../shared/sessions/session.ts';
import { sessionEnds } from '../../shared/sessions/session-ends.ts';
import { createSessions } from '../../shared/sessions/session-manager.ts';
import { orphanSweep } from '../../shared/sessions/session-removal.ts';
import type { SessionsSettings } from '../../shared/sessions/sessions-parts.ts';
import { MemoryEndMarks, MemoryRemovalQueue, MemorySeats, MemorySessionStore } from './session-store.ts';

/** The emulator with the machine's Python. */
export const startTestEmulator = (options: EmulatorOptions = {}): Promise<ArmEmulator> => {
  const python = findPython();
  if (!python) throw new Error('no Python has the agent’s modules: run npm test, which installs them');
  return startArmEmulator({ python, ...options });
};

export const armSettings = (endpoint: string, changes: Partial<ArmSettings> = {}): ArmSettings => ({
  endpoint,
  subscriptionId: '00000000-0000-0000-0000-000000000000',
  resourceGroup: 'sessions',
  installation: 'test',
  location: 'local',
  image: 'hourglass-session',
  cpu: 1,
  memoryGb: 2,
  subnetId: undefined,
  registryServer: undefined,
  registryIdentityId: undefined,
  clientId: undefined,
  standbyPool: undefined,
  ...changes,
});

export interface TestSessions {
  readonly sessions: Sessions;
  readonly groups: ContainerGroups;
  readonly store: MemorySessionStore;
  readonly queue: MemoryRemovalQueue;
  readonly marks: MemoryEndMarks;
  readonly problems: string[];
  readonly sweep: () => Promise<void>;
  /** Resolves when the sweeps that were begun have ended: no start waits for its own. */
  readonly swept: () => Promise<unknown>;
}

/** The session manager as one process has it. Processes that share state share `store` and `queue`. */
export function testSessions(options: {
  groups: ContainerGroups;
  /** Several places in the stead of `groups`. */
  places?: readonly Place[];
  store?: MemorySessionStore;
  queue?: MemoryRemovalQueue;
  marks?: MemoryEndMarks;
  seats?: MemorySeats;
  /** Sessions of one project at a time. */
  limit?: number;
  clock?: Clock;
  settings?: Partial<SessionsSettings>;
}): TestSessions {
  const {
    groups,
    store = new MemorySessionStore(),
    queue = new MemoryRemovalQueue(),
    marks = new MemoryEndMarks(),
    seats = new MemorySeats(),
    limit = 1_000,
    clock = systemClock,
  } = options;
  const problems: string[] = [];
  const report = (problem: string) => problems.push(problem);
  const sweeps: Promise<void>[] = [];
  const places = placesOf(options.places ?? [{ name: 'home', weight: 1, groups }], { clock });
  const orphans = orphanSweep({ groups: places, clock, report });
  const sweep = () => {
    const sweeping = orphans();
    sweeps.push(sweeping);
    return sweeping;
  };
  const settings = {
    installation: 'test',
    ttlMs: HOUR,
    startTimeoutMs: MINUTE,
    callTimeoutMs: 2 * MINUTE,
    ...options.settings,
  };
  const ends = sessionEnds({ queue, marks, clock, ttlMs: settings.ttlMs });
  const share = projectShare({ seats, clock, limit, report });
  const sessions = createSessions({
    groups: places,
    store,
    queue,
    ends,
    share,
    clock,
    settings,
    sweep,
    report,
  });
  return { sessions, groups, store, queue, marks, problems, sweep, swept: () => Promise.all(sweeps) };
}

export const sessionsOn = (emulator: ArmEmulator, settings?: Partial<SessionsSettings>): TestSessions =>
  testSessions({ groups: armContainerGroups(armSettings(emulator.url)), ...(settings ? { settings } : {}) });

export interface Outcome {
  readonly logs: string;
  readonly images: number;
  readonly restarted: string | undefined;
  readonly done: Extract<ExecutionEvent, { type: 'done' }>;
}

let executions = 0;

/** Runs code to its end and gathers what came of it. */
export async function run(
  session: Session,
  code: string,
  options: { timeoutMs?: number; executionId?: string; signal?: AbortSignal } = {},
): Promise<Outcome> {
  const executionId = options.executionId ?? `execution-${++executions}`;
  const signal = options.signal ?? new AbortController().signal;
  let logs = '';
  let images = 0;
  let restarted: string | undefined;
  for await (const event of session.execute(
    { executionId, code, timeoutMs: options.timeoutMs ?? 60_000 },
    signal,
  )) {
    if (event.type === 'logs') logs += event.text;
    if (event.type === 'image') images += 1;
    if (event.type === 'restarted') restarted = event.reason;
    if (event.type === 'done') return { logs, images, restarted, done: event };
  }
  throw new Error('the execution ended without an end');
}
