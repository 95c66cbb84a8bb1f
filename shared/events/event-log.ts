import type { ContainerClient } from '@azure/storage-blob';

import type { RunRecord } from '../api/run.ts';
import type { Log } from '../log.ts';
import { type ClosableSink, type RunEvent, silentSink } from './run-event.ts';

/** Event logs of streamed runs. */
export class EventLogs {
  readonly #container: ContainerClient;
  readonly #log: Log;
  constructor(container: ContainerClient, log: Log) {
    this.#container = container;
    this.#log = log;
  }

  async open(_run: RunRecord): Promise<ClosableSink> {
    return silentSink;
  }

  async report(_run: RunRecord, _events: readonly RunEvent[]): Promise<void> {}

  async removeThread(threadId: string): Promise<void> {
    for await (const blob of this.#container.listBlobsFlat({ prefix: `${encodeURIComponent(threadId)}/` })) {
      await this.#container.deleteBlob(blob.name);
      this.#log.info('deleted an event log', { thread: threadId });
    }
  }
}
