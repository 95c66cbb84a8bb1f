import type { AppendBlobClient, ContainerClient } from '@azure/storage-blob';

import { SECOND } from '../clock.ts';
import { errorFields, type Log } from '../log.ts';

/** Who did what: one request of a caller who is known. Never contents. */
export interface AuditEntry {
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly requestId: string;
  readonly project: string;
  /** The id of the key, or of the identity: docs/callers.md. */
  readonly caller: string;
  readonly role: string;
  /** As in the OpenAPI document. */
  readonly operation: string;
  /** Ids of the objects that the address names, and of one that was made. */
  readonly objects: readonly string[];
  readonly status: number;
}

export interface Audit {
  record(entry: AuditEntry): void;
  /** Resolves when everything recorded so far is kept. */
  flush(): Promise<void>;
}

export const auditModes = ['off', 'log', 'blob'] as const;
export type AuditMode = (typeof auditModes)[number];

/**
 * `log`: a line each among the app's own, with `category` `audit`. `blob`: that, and append blobs of an hour and
 * process each, `YYYY/MM/DD/HH-PROCESS.jsonl`.
 * @param container asked for in the mode `blob` only
 */
export function createAudit(mode: AuditMode, log: Log, container: () => ContainerClient): Audit {
  if (mode === 'off') return { record: () => {}, flush: async () => {} };
  const blobs = mode === 'blob' ? new AuditBlobs(container(), log) : undefined;
  return {
    record(entry) {
      log.info('audit', { category: 'audit', ...entry, objects: entry.objects.join(' ') });
      blobs?.append(entry);
    },
    flush: async () => blobs?.flush(),
  };
}

/** Longest wait before an entry is in its blob; a process that is killed loses what waits, which the log has. */
const BATCH_MS = SECOND;
/** Of one append, which takes at most 4 MiB. */
const MAX_BATCH_ENTRIES = 2_000;
/** Entries that may wait for a storage that is away; the log has those beyond. */
const MAX_WAITING = 50_000;

class AuditBlobs {
  readonly #container: ContainerClient;
  readonly #log: Log;
  readonly #process = crypto.randomUUID();
  #waiting: AuditEntry[] = [];
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #blob: { readonly name: string; readonly client: AppendBlobClient } | undefined;

  constructor(container: ContainerClient, log: Log) {
    this.#container = container;
    this.#log = log;
  }

  append(entry: AuditEntry): void {
    if (this.#waiting.length >= MAX_WAITING) return;
    this.#waiting.push(entry);
    this.#timer ??= setTimeout(() => void this.flush(), BATCH_MS);
  }

  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  /** What cannot be written waits for the next time; it is logged once for each attempt. */
  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const hour = hourOf(this.#waiting[0]!);
      const different = this.#waiting.findIndex((entry) => hourOf(entry) !== hour);
      const end = Math.min(different < 0 ? this.#waiting.length : different, MAX_BATCH_ENTRIES);
      const lines = this.#waiting.slice(0, end).map((entry) => `${JSON.stringify(entry)}\n`);
      try {
        const blob = await this.#of(hour);
        await blob.appendBlock(lines.join(''), Buffer.byteLength(lines.join('')));
        this.#waiting.splice(0, end);
      } catch (error) {
        this.#log.error('the audit could not be written', { entries: end, ...errorFields(error) });
        this.#timer ??= setTimeout(() => void this.flush(), 10 * BATCH_MS).unref();
        return;
      }
    }
  }

  async #of(hour: string): Promise<AppendBlobClient> {
    const name = `${hour}-${this.#process}.jsonl`;
    if (this.#blob?.name !== name) {
      const client = this.#container.getAppendBlobClient(name);
      await client.createIfNotExists({ blobHTTPHeaders: { blobContentType: 'application/x-ndjson' } });
      this.#blob = { name, client };
    }
    return this.#blob.client;
  }
}

/** `2027-03-31T14:…` → `2027/03/31/14`. */
const hourOf = ({ time }: AuditEntry): string => time.slice(0, 13).replaceAll(/[-T]/g, '/');
