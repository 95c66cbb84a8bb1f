import type { RunRecord } from '../api/run.ts';
import type { Stores } from '../store/stores.ts';

/** Runs among which one is looked for: more can hardly have begun since. */
const NEWEST = 20;

/**
 * The run that an earlier try of the same request began: the one whose answer it had, or, when it ended without a
 * word, the one that bears its mark.
 */
export async function earlierRun(
  stores: Pick<Stores, 'runs'>,
  project: string,
  threadId: string,
  once:
    | { readonly mark: string; readonly resumed: boolean; readonly replay?: { readonly runId: string } }
    | undefined,
): Promise<RunRecord | undefined> {
  if (once?.replay) return stores.runs.get(project, threadId, once.replay.runId);
  if (!once?.resumed) return undefined;
  const { data } = await stores.runs.list(threadId, { limit: NEWEST, order: 'desc' });
  return data.find((run) => run.project === project && run.work.mark === once.mark);
}
