import type { RunRecord } from '../api/run.ts';
import type { ThreadState } from '../api/thread.ts';
import type { Clock } from '../clock.ts';
import { errorFields, type Log } from '../log.ts';
import type { Model, ModelDelta, ModelRequest, Usage } from '../model/model.ts';
import { type Purpose, SessionError, type SessionLease, type Sessions } from '../sessions/session.ts';
import type { RunRow, Runs } from '../store/runs.ts';
import type { Change } from '../store/table.ts';
import type { HostedCode } from '../tools/code-interpreter.ts';
import type { Telemetry } from './telemetry.ts';

/**
 * The same ports, seen from outside: what they do is counted and timed where they are put together, so that
 * the engine itself knows nothing of telemetry.
 */
export function observeModel(model: Model, telemetry: Telemetry, clock: Clock): Model {
  return {
    list: () => model.list(),
    async *complete(request: ModelRequest, signal: AbortSignal): AsyncGenerator<ModelDelta> {
      const started = clock.now();
      let usage: Usage | undefined;
      let outcome: 'answered' | 'failed' = 'failed';
      try {
        for await (const delta of model.complete(request, signal)) {
          if (delta.type === 'usage') usage = delta.usage;
          if (delta.type === 'finish') outcome = 'answered';
          yield delta;
        }
      } finally {
        telemetry.modelCalled(outcome, clock.now() - started, usage);
      }
    },
  };
}

export function observeSessions(
  sessions: Sessions,
  telemetry: Telemetry,
  { clock, log, ttlMs }: { clock: Clock; log: Log; ttlMs: number },
): Sessions {
  return {
    remove: (threadId) => sessions.remove(threadId),
    async acquire(threadId: string, signal: AbortSignal, purpose?: Purpose): Promise<SessionLease> {
      const started = clock.now();
      try {
        const lease = await telemetry.span('session', { thread: threadId }, () =>
          sessions.acquire(threadId, signal, purpose),
        );
        if (lease.created) telemetry.sessionStarted('ready', clock.now() - started, ttlMs, lease.place);
        return lease;
      } catch (error) {
        // A thread that is deleted while its session starts wants none: no alert may come of that.
        // Nor of one project's limit, which was told already.
        const unwanted =
          signal.aborted ||
          (error instanceof SessionError && (error.code === 'lost' || error.code === 'over_limit'));
        if (!unwanted) {
          const ms = clock.now() - started;
          telemetry.sessionStarted('failed', ms, ttlMs, '');
          // The run goes on, and only the model is told: without this line nobody would learn of it.
          log.error('no Python session could be had', { thread: threadId, ms, ...errorFields(error) });
        }
        throw error;
      }
    },
  };
}

export function observeCode(interpreter: HostedCode, telemetry: Telemetry, clock: Clock): HostedCode {
  const run: HostedCode['run'] = async (call, onOutput, signal) => {
    const started = clock.now();
    const attributes = { run: call.run.object.id, thread: call.run.object.thread_id };
    const outcome = await telemetry.span('code', attributes, () => interpreter.run(call, onOutput, signal));
    telemetry.codeRan(outcome.ran === false ? 'not-run' : 'ran', clock.now() - started);
    return outcome;
  };
  return { run, warmUp: (threadId, signal) => interpreter.warmUp(threadId, signal) };
}

/**
 * Runs begin by `begin`, are taken up by `save` and end by `finish`, and nowhere else. Each end is a line of the
 * log: what became of a run must be found by its id, also when all went well.
 */
export function observeRuns(runs: Runs, telemetry: Telemetry, clock: Clock, log: Log): Runs {
  const age = (record: RunRecord) => clock.now() - record.object.created_at * 1000;
  const begin: Runs['begin'] = async (...given) => {
    const begun = await runs.begin(...given);
    const [, record] = given;
    telemetry.runCreated(record.work.stream ? 'stream' : 'queue');
    return begun;
  };
  const save: Runs['save'] = async (row: RunRow, record: RunRecord, changes?: readonly Change[]) => {
    const saved = await runs.save(row, record, changes);
    // Once in its life: a run that goes on with the outputs of its functions waited for those, not for a worker.
    const takenUp = row.document.object.started_at === null && record.object.started_at !== null;
    if (takenUp) telemetry.queueWaited(age(record));
    return saved;
  };
  const finish: Runs['finish'] = async (
    row: RunRow,
    record: RunRecord,
    changes: readonly Change[],
    state: Partial<ThreadState>,
  ) => {
    const saved = await runs.finish(row, record, changes, state);
    const { id, thread_id, status, last_error, incomplete_details } = record.object;
    const cause = last_error?.code ?? incomplete_details?.reason ?? '';
    const ms = age(record);
    telemetry.runEnded(status, cause, ms);
    const fields = { run: id, thread: thread_id, status, cause, ms };
    if (status === 'failed') log.warn('a run ended', fields);
    else log.info('a run ended', fields);
    return saved;
  };
  return {
    get: (...where) => runs.get(...where),
    row: (...where) => runs.row(...where),
    rowOfAny: (...where) => runs.rowOfAny(...where),
    list: (...query) => runs.list(...query),
    updateMetadata: (...change) => runs.updateMetadata(...change),
    begin,
    save,
    finish,
  };
}
