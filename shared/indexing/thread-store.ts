import { chunkingOf } from '../api/chunking-strategy.ts';
import type { CreateMessage } from '../api/message.ts';
import type { NewToolResources } from '../api/tool.ts';
import { forThread, hasStoreExpired, newVectorStore, type VectorStoreRecord } from '../api/vector-store.ts';
import { derivedSortKey } from '../ids.ts';
import { Conflict } from '../store/table.ts';
import { filesForSearch, vectorStoreOf } from '../store/thread-files.ts';
import type { StoreView } from '../store/vector-stores.ts';
import { addBatch, createStore } from './add-batch.ts';
import { addFile } from './add-file.ts';
import type { IndexingDependencies } from './dependencies.ts';

/**
 * Makes the vector stores that an assistant or a thread is created with, before it is: a process that dies in between
 * leaves a store that nobody names, and that can be deleted, or expires when it was a thread's.
 * @param threadId the thread with which the store goes
 * @returns the resources, naming what was made
 */
export async function withNewStores(
  dependencies: IndexingDependencies,
  project: string,
  resources: NewToolResources,
  threadId?: string,
): Promise<NewToolResources> {
  const [request] = resources?.file_search?.vector_stores ?? [];
  if (!resources || !request) return resources;
  const record = newVectorStore({ metadata: request.metadata }, project, dependencies.clock.now());
  const own = threadId === undefined ? record : forThread(record, threadId);
  const chunking = chunkingOf(request.chunking_strategy);
  const files = [...new Set(request.file_ids)].map((fileId) => ({ fileId, attributes: null, chunking }));
  const { id } = (await createStore(dependencies, own, files)).record.object;
  return { ...resources, file_search: { vector_store_ids: [id] } };
}

/**
 * Brings what messages have attached for file search into the vector store of their thread, before they are in the
 * thread. One that has none, or whose store is gone or has expired, gets one of its own: it lives for a week after
 * its last use, and goes with its thread.
 * @returns the store; undefined when nothing is attached for search, or the thread takes no messages now
 */
export async function attachForSearch(
  dependencies: IndexingDependencies,
  project: string,
  threadId: string,
  messages: readonly Pick<CreateMessage, 'attachments'>[],
): Promise<string | undefined> {
  const files = [...new Set(messages.flatMap(filesForSearch))];
  if (files.length === 0) return undefined;
  const row = await dependencies.stores.threads.row(project, threadId);
  // What is refused then, and in which words, whoever adds the messages knows.
  if (!row || row.columns.activeRunId) return undefined;
  const current = vectorStoreOf(row.document.object);
  const view = await ownStore(dependencies, { project, threadId, current, place: row.document.listKey });
  await addFiles(dependencies, view, files);
  return view.record.object.id;
}

/** Puts files into a store of a thread that is about to be created. @returns the store */
export async function attachToNewThread(
  dependencies: IndexingDependencies,
  project: string,
  thread: { id: string; storeId: string | undefined; place: string },
  messages: readonly Pick<CreateMessage, 'attachments'>[],
): Promise<string | undefined> {
  const files = [...new Set(messages.flatMap(filesForSearch))];
  if (files.length === 0) return thread.storeId;
  const { id: threadId, storeId: current, place } = thread;
  const view = await ownStore(dependencies, { project, threadId, current, place });
  await addFiles(dependencies, view, files);
  return view.record.object.id;
}

interface ThreadPlace {
  readonly project: string;
  readonly threadId: string;
  /** The store that the thread names now. */
  readonly current: string | undefined;
  /** A sort key of the thread's. */
  readonly place: string;
}

/** The thread's store, made if need be under an id that follows from the thread: two who make it make one. */
async function ownStore(
  dependencies: IndexingDependencies,
  { project, threadId, current, place }: ThreadPlace,
): Promise<StoreView> {
  const { stores, clock } = dependencies;
  const view = current === undefined ? undefined : await stores.vectorStores.get(project, current);
  if (view && !hasStoreExpired(view.record, view.state, clock.now())) return view;
  const sortKey = derivedSortKey(place, `${threadId}:${current ?? ''}`);
  const fresh = newVectorStore({}, project, clock.now());
  const record: VectorStoreRecord = forThread(
    { ...fresh, sortKey, object: { ...fresh.object, id: `vs_${sortKey}` } },
    threadId,
  );
  try {
    return await createStore(dependencies, record, []);
  } catch (error) {
    if (!(error instanceof Conflict)) throw error;
    const made = await stores.vectorStores.get(project, record.object.id);
    if (!made) throw error;
    return made;
  }
}

async function addFiles(
  dependencies: IndexingDependencies,
  view: StoreView,
  files: readonly string[],
): Promise<void> {
  const [first, ...others] = files;
  if (first !== undefined && others.length === 0) {
    await addFile(dependencies, view, { file_id: first });
    return;
  }
  const chunking = chunkingOf(undefined);
  await addBatch(
    dependencies,
    view,
    files.map((fileId) => ({ fileId, attributes: null, chunking })),
  );
}
