import type { Clock } from '../clock.ts';
import type { Config } from '../config.ts';
import type { Crash } from '../crash-points.ts';
import type { WorkInProgress } from '../engine/claim/work-in-progress.ts';
import type { Log } from '../log.ts';
import type { IndexQueue } from '../queue/index-queue.ts';
import type { Search } from '../search/search.ts';
import type { Stores } from '../store/stores.ts';

/** Who counts what became of files. */
export interface IndexingReport {
  filesAdded(files: number): void;
  /** `code`: of the file's error, or empty. */
  fileIndexed(outcome: 'completed' | 'failed', code: string, milliseconds: number): void;
}

/** All that work on vector stores touches. */
export interface IndexingDependencies {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly stores: Stores;
  readonly indexQueue: IndexQueue;
  readonly search: Search;
  readonly crash: Crash;
  readonly telemetry: IndexingReport;
  /** Aborted when this process is asked to stop: what it works on is handed to others. */
  readonly drain: AbortSignal;
  readonly inProgress: WorkInProgress;
}
