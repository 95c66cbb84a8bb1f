import type { Clock } from '../clock.ts';
import type { Config } from '../config.ts';
import type { Crash } from '../crash-points.ts';
import type { EventLogs } from '../events/event-log.ts';
import type { Log } from '../log.ts';
import type { ChoreQueue } from '../queue/chore-queue.ts';
import type { IndexQueue } from '../queue/index-queue.ts';
import type { ContainerGroups } from '../sessions/container-groups.ts';
import type { Sessions } from '../sessions/session.ts';
import type { Stores } from '../store/stores.ts';

/** All that chores touch. */
export interface ChoreDependencies {
  readonly stores: Stores;
  readonly sessions: Sessions;
  readonly groups: ContainerGroups;
  readonly sweepSessions: () => Promise<void>;
  readonly events: EventLogs;
  readonly chores: ChoreQueue;
  readonly indexQueue: IndexQueue;
  readonly crash: Crash;
  readonly config: Config;
  readonly log: Log;
  readonly clock: Clock;
}
