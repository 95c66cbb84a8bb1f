import { badRequest, notFound } from '../api/error.ts';
import type { RunRecord } from '../api/run.ts';
import { cancelling, isAttended } from '../run/run-changes.ts';
import { isTerminal } from '../run/run-state.ts';
import { missingIn } from '../store/missing-in.ts';
import { retryConflicts } from '../store/retry-conflicts.ts';
import type { EngineDependencies } from './claim/dependencies.ts';
import { endUnattended } from './end-unattended.ts';

/**
 * Cancels a run. Whoever works on it sees `cancelling` with its next write or within a second and ends it;
 * a run that nobody works on is ended here.
 * @throws {ApiError} 404 unknown, 400 when it has ended
 */
export async function cancelRun(
  dependencies: EngineDependencies,
  place: { project: string; threadId: string; runId: string },
): Promise<RunRecord> {
  const { stores, clock } = dependencies;
  const { project, threadId, runId } = place;
  return retryConflicts(async () => {
    const row = await stores.runs.row(project, threadId, runId);
    if (!row) {
      throw await missingIn(stores.threads, project, threadId, notFound('run', runId));
    }
    const { object } = row.document;
    if (isTerminal(object.status)) throw badRequest(`Cannot cancel run with status '${object.status}'.`);
    if (!isAttended(row.document, clock.now()))
      return endUnattended(dependencies, row, { status: 'cancelled' });
    if (object.status === 'cancelling') return row.document;
    return (await stores.runs.save(row, cancelling(row.document, clock.now()))).document;
  });
}
