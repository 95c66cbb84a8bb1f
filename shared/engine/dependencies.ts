import type { Clock } from '../clock.ts';
import type { Config } from '../config.ts';
import type { Log } from '../log.ts';
import type { Model } from '../model/model.ts';
import type { RunQueue } from '../queue/run-queue.ts';
import type { Stores } from '../store/stores.ts';
import type { CodeInterpreter } from '../tools/code-interpreter.ts';
import type { Crash } from './crash-points.ts';

/** All that advancing a run touches. */
export interface EngineDependencies {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly stores: Stores;
  readonly runQueue: RunQueue;
  readonly model: Model;
  readonly codeInterpreter: CodeInterpreter;
  readonly crash: Crash;
}
