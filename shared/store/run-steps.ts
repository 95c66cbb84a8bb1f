import type { Page, PageQuery } from '../api/page.ts';
import { MAX_STEPS, type RunStepRecord } from '../api/run-step.ts';
import { sortKeyOf } from '../ids.ts';
import { keyed } from './cursors.ts';
import { endOf, stepKey, stepsOf } from './keys.ts';
import type { Change, DocumentTable } from './table.ts';

/** Run steps, in the thread's partition under their run. A run has few: all of them are one range read. */
export class RunStepStore {
  readonly #table: DocumentTable;

  constructor(threads: DocumentTable) {
    this.#table = threads;
  }

  async get(
    project: string,
    threadId: string,
    runId: string,
    id: string,
  ): Promise<RunStepRecord | undefined> {
    const key = stepKey(runId, id);
    const row = key && (await this.#table.get<RunStepRecord>(threadId, key));
    if (!row || row.document.project !== project) return undefined;
    return row.document.object.id === id && row.document.object.run_id === runId ? row.document : undefined;
  }

  /** All steps of a run, oldest first. */
  async ofRun(threadId: string, runId: string): Promise<RunStepRecord[]> {
    const prefix = stepsOf(runId);
    const rows = await this.#table.range<RunStepRecord>(threadId, prefix, endOf(prefix), MAX_STEPS);
    return rows.map((row) => row.document);
  }

  /**
   * Steps of runs before `untilRunId`, oldest first: of all of `runIds` (oldest first) where they are few, else
   * of the newest of them.
   */
  async ofRunsBefore(
    threadId: string,
    runIds: readonly string[],
    untilRunId: string,
  ): Promise<RunStepRecord[]> {
    const [first, ...rest] = runIds;
    if (first === undefined) return [];
    const until = stepsOf(untilRunId);
    const rows = await this.#table.range<RunStepRecord>(threadId, stepsOf(first), until, MAX_STEPS);
    if (rows.length < MAX_STEPS || rest.length === 0) return rows.map((row) => row.document);
    // Keys are read upwards only: the newest are found by beginning later.
    return this.ofRunsBefore(threadId, runIds.slice(Math.ceil(runIds.length / 2)), untilRunId);
  }

  /**
   * The caller has made sure that the run exists and belongs to the project.
   * @throws {ApiError} 404 for an unknown cursor
   */
  async list(threadId: string, runId: string, query: PageQuery): Promise<Page<RunStepRecord>> {
    const { after, before } = await keyed('step', query);
    const steps = await this.ofRun(threadId, runId);
    if (query.order === 'desc') steps.reverse();
    const comesFirst = (a: string, b: string) => (query.order === 'desc' ? a > b : a < b);
    const between = steps.filter(({ object }) => {
      const key = sortKeyOf(object.id) ?? '';
      return (!after || comesFirst(after, key)) && (!before || comesFirst(key, before));
    });
    const backwards = before && !after;
    const data = backwards ? between.slice(-query.limit) : between.slice(0, query.limit);
    return { data, hasMore: data.length < between.length };
  }
}

/** Inserts or overwrites a step. */
export function stepChange(record: RunStepRecord): Change {
  const key = stepKey(record.object.run_id, record.object.id);
  if (!key) throw new Error(`Run step '${record.object.id}' does not carry an id of ours.`);
  return { type: 'upsert', key, document: record };
}
