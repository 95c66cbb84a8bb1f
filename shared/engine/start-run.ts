import type { AssistantRecord } from '../api/assistant.ts';
import { badRequest, notFound } from '../api/error.ts';
import { newMessage } from '../api/message.ts';
import type { CreateRun, RunRecord } from '../api/run.ts';
import { newId, sortKeyOf } from '../ids.ts';
import { instructionsOf, newRun } from '../run/new-run.ts';
import { claimed, unattended } from '../run/run-changes.ts';
import { MAX_MESSAGES } from '../store/messages.ts';
import type { RunRow } from '../store/runs.ts';
import { Conflict, type Row } from '../store/table.ts';
import { withAttachments, withVectorStore } from '../store/thread-files.ts';
import { type ThreadDocument, toRecord } from '../store/threads.ts';
import type { EngineDependencies } from './claim/dependencies.ts';
import { dismissWatchdog } from './claim/dismiss-watchdog.ts';
import { wakeWorker } from './claim/wake-worker.ts';

export interface StartRun {
  readonly project: string;
  readonly threadId: string;
  readonly assistant: AssistantRecord;
  readonly request: CreateRun;
  /** The vector store that files of the additional messages went into. */
  readonly storeId?: string | undefined;
  /** Of the request, where it named itself by an idempotency key: see {@link earlierRun}. */
  readonly mark?: string | undefined;
  /** Set when the caller advances the run itself (a streaming request): it holds the lease from the start. */
  readonly owner?: string;
  /** The API's first version ran threads without a word in them, too. */
  readonly wordless?: boolean;
}

/** The run as it was created (`queued`), and its row as it stands now. */
export interface StartedRun {
  readonly queued: RunRecord;
  readonly row: RunRow;
}

/**
 * Creates a run. First the watchdog message, then the one transaction (run, additional messages, lock), then
 * the message that starts it: a crash between any two loses nothing, for the watchdog finds the run, or finds
 * that there is none.
 * @throws {ApiError} 404 for an unknown thread, 400 for a locked or full one
 */
export async function startRun(dependencies: EngineDependencies, start: StartRun): Promise<StartedRun> {
  const { crash, stores } = dependencies;
  const started = await stores.threads.inTurn(start.threadId, () => begin(dependencies, start));
  crash('after-begin-transaction');
  if (!start.owner) {
    await wakeWorker(dependencies, start.threadId, started.queued.object.id);
    crash('after-start-message');
  }
  return started;
}

async function begin(dependencies: EngineDependencies, start: StartRun): Promise<StartedRun> {
  const { stores, clock, config, runQueue, crash } = dependencies;
  const { project, threadId, assistant, request, owner, storeId } = start;
  const thread = await unlockedThread(dependencies, start);
  const record = toRecord(thread);
  const now = clock.now();
  let newest = record.state.lastMessageKey;
  const messages = (request.additional_messages ?? []).map((message) => {
    const id = newId('message', now, newest);
    newest = sortKeyOf(id) ?? '';
    return newMessage(message, { project, threadId, id, now });
  });
  // The run sorts after the messages that it answers, and what it writes sorts after the run.
  const id = newId('run', now, newest);
  const watchdog = await runQueue.put({ threadId, runId: id, kind: 'watch' }, config.runLeaseMs);
  crash('after-watchdog-put');
  const messageCount = record.state.messageCount + messages.length;
  const place = {
    id,
    now,
    ttlMs: config.runTtlMs,
    stream: owner !== undefined,
    mark: start.mark,
    messageCount,
    lastMessageKey: newest,
  };
  const { object } = withVectorStore(withAttachments(thread.document, messages), storeId);
  const plain = newRun(place, { ...record, object }, assistant, request);
  const leaseMs = config.runLeaseMs;
  const queued = unattended({ ...plain, work: { ...plain.work, watchdog } }, now + leaseMs);
  try {
    const first = owner ? claimed(queued, { owner, now, leaseMs }) : queued;
    return { queued, row: await stores.runs.begin(thread, first, messages, storeId) };
  } catch (error) {
    // Without a run there is nothing to watch.
    if (error instanceof Conflict) await dismissWatchdog(dependencies, watchdog);
    throw error;
  }
}

async function unlockedThread({ stores }: EngineDependencies, start: StartRun): Promise<Row<ThreadDocument>> {
  const { project, threadId, request, assistant } = start;
  const row = await stores.threads.row(project, threadId);
  if (!row) throw notFound('thread', threadId);
  const { state } = toRecord(row);
  if (state.activeRunId)
    throw badRequest(`Thread ${threadId} already has an active run ${state.activeRunId}.`);
  if (state.messageCount + (request.additional_messages?.length ?? 0) > MAX_MESSAGES) {
    throw badRequest(`Thread ${threadId} cannot hold more than ${MAX_MESSAGES} messages.`);
  }
  const messages = state.messageCount + (request.additional_messages?.length ?? 0);
  if (!start.wordless) requireWords(assistant, request, messages);
  return row;
}

/**
 * A model that is given nothing would refuse the call: so did the hosted API's second version, at once and in these
 * words (recorded in ruby-openai's runs_create.yml).
 * @param messages how many the run begins with
 * @throws {ApiError} 400
 */
export function requireWords(
  assistant: AssistantRecord,
  request: Parameters<typeof instructionsOf>[1],
  messages: number,
): void {
  if (messages > 0 || instructionsOf(assistant, request) !== '') return;
  throw badRequest(
    'Run creation requires a Thread with a user message or an assistant with instructions.',
    null,
    'invalid_thread',
  );
}
