import { setTimeout as delay } from 'node:timers/promises';

import type { AppendBlobClient, ContainerClient } from '@azure/storage-blob';

import type { RunRecord } from '../api/run.ts';
import { unixSeconds } from '../clock.ts';
import type { Log } from '../log.ts';
import { type RunSink, type SavedRun, silentSink } from '../run/run-event.ts';
import { LogReader } from './log-reader.ts';
import { RunStream, type Subscriber } from './run-stream.ts';

/** An event is in its log within 50 ms, unless storage or the machine is slow. */
const JUST_ENDED_SECONDS = 30;
const WAITS_MS: readonly number[] = [50, 100, 200, 400, 800, 1600];

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

  /**
   * Whether the run has a log. One that is streamed right now may not have its first line yet, and one that has just
   * ended may have been quicker than its log: that is waited for.
   */
  async exists({ object, work }: RunRecord): Promise<boolean> {
    if (!work.stream) return false;
    if (object.expires_at !== null) return true;
    const blob = this.#blob(object.thread_id, object.id);
    const endedAt = object.completed_at ?? object.failed_at ?? object.cancelled_at ?? object.created_at;
    const waits = unixSeconds(Date.now()) - endedAt < JUST_ENDED_SECONDS ? WAITS_MS : [];
    for (const waitMs of waits) {
      if (await blob.exists()) return true;
      await delay(waitMs);
    }
    return blob.exists();
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
