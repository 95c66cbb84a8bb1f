import type { RunRecord } from '../../api/run.ts';
import type { Clock } from '../../clock.ts';
import type { Config } from '../../config.ts';
import type { Crash } from '../../crash-points.ts';
import type { Log } from '../../log.ts';
import type { Model } from '../../model/model.ts';
import type { RunQueue } from '../../queue/run-queue.ts';
import type { RunSink, SavedRun } from '../../run/run-event.ts';
import type { Stores } from '../../store/stores.ts';
import type { HostedCode } from '../../tools/code-interpreter.ts';
import type { FileSearchTool } from '../../tools/file-search.ts';
import type { WorkInProgress } from './work-in-progress.ts';

/** All that advancing a run touches. */
export interface EngineDependencies {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly stores: Stores;
  readonly runQueue: RunQueue;
  readonly model: Model;
  readonly codeInterpreter: HostedCode;
  readonly fileSearch: FileSearchTool;
  readonly crash: Crash;
  /** Aborted when this process is asked to stop: runs are handed to other workers. */
  readonly drain: AbortSignal;
  readonly inProgress: WorkInProgress;
  /** Where a run's events go besides its waiting client: its event log, or nowhere. */
  openSink(run: RunRecord): RunSink;
  /** Tells what was saved of a run that nobody works on. */
  tellSaved(saved: SavedRun): Promise<void>;
}
