import { SECOND } from '../clock.ts';
import { errorFields } from '../log.ts';
import type { StoreName, Written } from '../search/search-index.ts';
import type { IndexingDependencies } from './dependencies.ts';

type Dependencies = Pick<IndexingDependencies, 'indexQueue' | 'search' | 'log' | 'clock' | 'crash'>;

/** Time for others who write the same index, so that one compaction does for all of them. */
const GATHER_MS = 5 * SECOND;
/** Stores whose compaction this process has asked for, and when. */
const ASKED_STORES = 10_000;
const asked = new Map<string, number>();

/** Asks for a compaction where one is due. Never an error: the next write to the index asks again. */
export async function scheduleCompaction(
  { indexQueue, log, clock }: Dependencies,
  store: StoreName,
  written: Written,
): Promise<void> {
  if (!written.compactionDue) return;
  const now = clock.now();
  if ((asked.get(store.id) ?? 0) > now - GATHER_MS) return;
  if (asked.size >= ASKED_STORES) asked.clear();
  asked.set(store.id, now);
  const message = { type: 'compact', project: store.project, storeId: store.id } as const;
  await indexQueue.put(message, GATHER_MS).catch((error: unknown) => {
    asked.delete(store.id);
    log.warn('a compaction could not be asked for', { store: store.id, ...errorFields(error) });
  });
}

/** Compacts an index, and comes back for what its last readers still need. */
export async function compact(dependencies: Dependencies, store: StoreName): Promise<void> {
  const { search, indexQueue } = dependencies;
  const { againInMs } = await search.index.compact(store);
  if (againInMs === undefined) return;
  await indexQueue.put({ type: 'compact', project: store.project, storeId: store.id }, againInMs);
}
