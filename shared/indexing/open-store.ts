import { type ApiError, badRequest, notFound } from '../api/error.ts';
import { hasStoreExpired } from '../api/vector-store.ts';
import { errorFields } from '../log.ts';
import type { StoreView } from '../store/vector-stores.ts';
import type { IndexingDependencies } from './dependencies.ts';

type Dependencies = Pick<IndexingDependencies, 'stores' | 'indexQueue' | 'clock' | 'log'>;

export const storeExpired = (id: string, param: string | null = null): ApiError =>
  badRequest(`Vector store ${id} is expired.`, param, 'expired');

/**
 * The store, as anybody may see it. Whoever sees one first whose time is up has its text and vectors deleted.
 * @throws {ApiError} 404
 */
export async function requireStore(
  dependencies: Dependencies,
  project: string,
  id: string,
  param: string | null = null,
): Promise<StoreView> {
  const view = await dependencies.stores.vectorStores.get(project, id);
  if (!view) throw notFound('vectorStore', id, param);
  await noteExpiry(dependencies, view);
  return view;
}

/**
 * The store, which can be searched and added to.
 * @throws {ApiError} 404, 400 for an expired one
 */
export async function requireOpenStore(
  dependencies: Dependencies,
  project: string,
  id: string,
  param: string | null = null,
): Promise<StoreView> {
  const view = await requireStore(dependencies, project, id, param);
  if (hasStoreExpired(view.record, view.state, dependencies.clock.now())) throw storeExpired(id, param);
  return view;
}

/** A store's use is noted at most this often. */
const ACTIVITY_SECONDS = 60;

/** Notes that a store is used, which puts its expiry off. `now` in Unix seconds. */
export async function noteUse(
  { stores }: Pick<Dependencies, 'stores'>,
  { record, state }: StoreView,
  now: number,
): Promise<void> {
  if (state.lastActiveAt > now - ACTIVITY_SECONDS) return;
  await stores.vectorStores.touch(record.object.id, now);
}

/** Stores whose expiry this process has passed on already. */
const noted = new Set<string>();
const NOTED_STORES = 10_000;

/** Never an error: who sees it next tries again, and a message waits for the expiry besides. */
export async function noteExpiry(
  { indexQueue, clock, log }: Dependencies,
  { record, state }: StoreView,
): Promise<void> {
  const { id } = record.object;
  if (state.expired || noted.has(id) || !hasStoreExpired(record, state, clock.now())) return;
  if (noted.size >= NOTED_STORES) noted.clear();
  noted.add(id);
  await indexQueue
    .put({ type: 'expire-store', project: record.project, storeId: id })
    .catch((error: unknown) => {
      noted.delete(id);
      log.warn('an expired store could not be passed on', { store: id, ...errorFields(error) });
    });
}
