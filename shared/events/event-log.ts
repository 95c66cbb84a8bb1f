import type { AppendBlobClient, ContainerClient } from '@azure/storage-blob';

import type { RunRecord } from '../api/run.ts';
import type { Log } from '../log.ts';
import { type RunSink, type SavedRun, silentSink } from '../run/run-event.ts';
import { LogReader } from './log-reader.ts';
import { RunStream, type Subscriber } from './run-stream.ts';

/** Event logs of streamed runs: one append blob each, deleted after a day by a lifecycle rule. */
export class EventLogs {
  readonly #container: ContainerClient;
  readonly #log: Log;

  constructor(container: ContainerClient, log: Log) {
    this.#container = container;
    this.#log = log;
  }

  /** Where a worker tells the events of a run that it took from the queue. */
  open(run: RunRecord): RunSink {
    return run.work.stream ? this.stream(run) : silentSink;
  }

  /** Where a streaming request tells its own run's events. */
  stream(run: RunRecord, subscriber?: Subscriber): RunStream {
    return new RunStream(this.#blob(run.object.thread_id, run.object.id), this.#log, subscriber);
  }

  /** Tells the end of a run that nobody works on. A log that cannot be written is logged. */
  async tellSaved(saved: SavedRun): Promise<void> {
    if (!saved.run.work.stream) return;
    const stream = this.stream(saved.run);
    await stream.resume(saved);
    await stream.close();
  }

  /** @param signal ends reads that are under way */
  reader(threadId: string, runId: string, signal?: AbortSignal): LogReader {
    return new LogReader(this.#blob(threadId, runId), signal);
  }

  /** Whether the run has a log. One that is streamed right now may not have its first line yet. */
  async exists(run: RunRecord): Promise<boolean> {
    if (!run.work.stream) return false;
    const live = run.object.expires_at !== null;
    return live || this.#blob(run.object.thread_id, run.object.id).exists();
  }

  async removeThread(threadId: string): Promise<void> {
    for await (const blob of this.#container.listBlobsFlat({ prefix: `${encodeURIComponent(threadId)}/` })) {
      await this.#container.deleteBlob(blob.name);
    }
  }

  #blob(threadId: string, runId: string): AppendBlobClient {
    return this.#container.getAppendBlobClient(`${encodeURIComponent(threadId)}/${runId}.jsonl`);
  }
}
