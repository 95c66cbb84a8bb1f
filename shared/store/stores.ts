import type { AssistantRecord } from '../api/assistant.ts';
import type { Clock } from '../clock.ts';
import type { Seats } from '../sessions/project-share.ts';
import type { EndMarks, SessionStore } from '../sessions/session-record.ts';
import { CallerKeyStore } from './caller-keys.ts';
import type { StorageAccount } from './connection.ts';
import { createEndMarks } from './end-marks.ts';
import { FileBatches } from './file-batches.ts';
import { type AnnounceRemoval, FileStore } from './files.ts';
import { KeptAnswerStore } from './kept-answers.ts';
import { MessageStore } from './messages.ts';
import { patiently } from './patience.ts';
import { ProjectCollection } from './project-collection.ts';
import { Turns } from './retry-conflicts.ts';
import { RunStepStore } from './run-steps.ts';
import { RunStore, type Runs } from './runs.ts';
import { createSeats } from './seats.ts';
import { createSessionStore } from './sessions.ts';
import { Spills } from './spills.ts';
import { StoreFiles } from './store-files.ts';
import { DocumentTable } from './table.ts';
import { Shares } from './tallies.ts';
import { ThreadStore } from './threads.ts';
import { UploadStore } from './uploads.ts';
import { VectorStores } from './vector-stores.ts';
import { WorkspaceStore } from './workspace.ts';

/** State at rest, one store per aggregate. */
export interface Stores {
  readonly assistants: ProjectCollection<AssistantRecord>;
  readonly threads: ThreadStore;
  readonly messages: MessageStore;
  readonly runs: Runs;
  readonly runSteps: RunStepStore;
  readonly files: FileStore;
  readonly uploads: UploadStore;
  readonly sessions: SessionStore;
  readonly endMarks: EndMarks;
  readonly seats: Seats;
  readonly workspaces: WorkspaceStore;
  readonly vectorStores: VectorStores;
  readonly storeFiles: StoreFiles;
  readonly fileBatches: FileBatches;
  readonly callerKeys: CallerKeyStore;
  readonly answers: KeptAnswerStore;
  /** Deletes the spilled documents of a thread that is gone. */
  clearSpills(threadId: string): Promise<void>;
}

const tables = [
  'threads',
  'threadlist',
  'assistants',
  'files',
  'uploads',
  'vectorstores',
  'vectorstorelist',
  'callerkeys',
  'answers',
] as const;
const containers = ['files', 'spill', 'events', 'audit', 'search'] as const;
const queues = ['runs', 'runs-poison', 'chores', 'chores-poison', 'index', 'index-poison'] as const;

/** @param announceRemoval of files, see {@link FileStore.remove} */
export function openStores(
  account: StorageAccount,
  clock: Clock,
  announceRemoval: AnnounceRemoval = async () => {},
): Stores {
  const spills = account.container('spill');
  const files = account.container('files');
  const table = (name: (typeof tables)[number]) => new DocumentTable(account.table(name), spills);
  const threads = table('threads');
  const vectorStores = table('vectorstores');
  const vectorStoreList = table('vectorstorelist');
  const shares = new Shares(vectorStores);
  const turns = new Turns();
  return {
    assistants: new ProjectCollection<AssistantRecord>(table('assistants'), 'assistant'),
    threads: new ThreadStore(threads, table('threadlist'), turns),
    messages: new MessageStore(threads, clock, turns),
    runs: new RunStore(threads),
    runSteps: new RunStepStore(threads),
    files: new FileStore(table('files'), files, clock, announceRemoval),
    uploads: new UploadStore(table('uploads'), files),
    sessions: createSessionStore(threads),
    endMarks: createEndMarks(threads),
    seats: createSeats(threads),
    workspaces: new WorkspaceStore(threads),
    vectorStores: new VectorStores(vectorStores, vectorStoreList, shares),
    storeFiles: new StoreFiles(vectorStores, vectorStoreList, shares),
    fileBatches: new FileBatches(vectorStores, shares),
    callerKeys: new CallerKeyStore(table('callerkeys')),
    answers: new KeptAnswerStore(table('answers')),
    clearSpills: (threadId) => new Spills(spills).clear(threadId),
  };
}

/** Creates what is missing; harmless and quick when all is there. */
export async function ensureStorage(account: StorageAccount): Promise<void> {
  await Promise.all([
    ...tables.map((name) => patiently((abortSignal) => account.table(name).createTable({ abortSignal }))),
    ...containers.map((name) => account.container(name).createIfNotExists()),
    ...queues.map((name) =>
      patiently((abortSignal) => account.queue(name).createIfNotExists({ abortSignal })),
    ),
  ]);
}
