import { Worker } from 'node:worker_threads';

import { SECOND } from '../../clock.ts';
import { type Chunked, type ChunkSize, ExtractionError, type Extractor } from './extraction.ts';
import { formatOf } from './file-types.ts';
import type { Answer, Job } from './jobs.ts';

/** In the deployment package this module is part of a chunk, and the thread's a file of its own beside it. */
const THREAD = new URL(
  import.meta.url.endsWith('.ts') ? './extract-thread.ts' : '../shared/search/extract/extract-thread.js',
  import.meta.url,
);

export interface ExtractorLimits {
  /** For one file, from when it is begun. */
  readonly timeMs: number;
  /** Of the thread's own objects. */
  readonly heapMegabytes: number;
  /** By which the whole process may grow meanwhile: buffers are not among the thread's own objects. */
  readonly growthMegabytes: number;
  /** An idle thread is ended after this. */
  readonly idleMs: number;
}

const LIMITS: ExtractorLimits = {
  timeMs: 60 * SECOND,
  heapMegabytes: 512,
  growthMegabytes: 768,
  idleMs: 30 * SECOND,
};
const WATCH_MS = 50;
const MEGABYTE = 1024 * 1024;
const LARGE_FILE_BYTES = 2 * MEGABYTE;

/** One thread, one file at a time; a thread that was stopped is replaced by the next file. */
export class ThreadExtractor implements Extractor {
  readonly #limits: ExtractorLimits;
  #thread: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(limits: Partial<ExtractorLimits> = {}) {
    this.#limits = { ...LIMITS, ...limits };
  }

  async extract(fileName: string, bytes: Uint8Array, signal?: AbortSignal): Promise<Uint8Array> {
    // Refused without a thread.
    formatOf(fileName);
    const size = bytes.byteLength;
    // A buffer that others share cannot be handed over.
    const own = bytes.byteLength === bytes.buffer.byteLength ? bytes : Uint8Array.from(bytes);
    const job = { type: 'extract', fileName, bytes: own } as const;
    const answer = await this.#inTurn(job, [own.buffer as ArrayBuffer], signal);
    if (answer.type !== 'text') throw new Error('The thread gave another answer than it was asked for.');
    await this.#restAfter(size);
    return answer.text;
  }

  async chunk(text: Uint8Array, size: ChunkSize, signal?: AbortSignal): Promise<Chunked> {
    const answer = await this.#inTurn({ type: 'chunk', text, size }, [], signal);
    if (answer.type !== 'chunked') throw new Error('The thread gave another answer than it was asked for.');
    await this.#restAfter(text.byteLength);
    return answer.chunked;
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle);
    const thread = this.#thread;
    this.#thread = undefined;
    await thread?.terminate();
  }

  /** What a large file took of memory goes with its thread, before more is done with its text. */
  async #restAfter(bytes: number): Promise<void> {
    if (bytes > LARGE_FILE_BYTES && this.#waiting === 0) await this.close();
  }

  async #inTurn(job: Job, transfer: ArrayBuffer[], signal: AbortSignal | undefined): Promise<Answer> {
    const turn = this.#last;
    this.#waiting += 1;
    const work = turn.then(() => {
      signal?.throwIfAborted();
      return this.#work(job, transfer, signal);
    });
    this.#last = work.catch(() => undefined);
    try {
      return await work;
    } finally {
      this.#waiting -= 1;
      if (this.#waiting === 0) this.#restLater();
    }
  }

  async #work(job: Job, transfer: ArrayBuffer[], signal: AbortSignal | undefined): Promise<Answer> {
    clearTimeout(this.#idle);
    this.#thread ??= this.#start();
    const thread = this.#thread;
    thread.ref();
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const stop = (reason: unknown) => {
      reject(reason);
      if (this.#thread === thread) this.#thread = undefined;
      void thread.terminate();
    };
    const onError = (error: Error & { code?: string }) =>
      stop(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? tooMuch('memory') : error);
    const onExit = () => stop(new Error('The thread that reads files has ended.'));
    const onAbort = () => stop(signal?.reason);
    thread.once('message', resolve).once('error', onError).once('exit', onExit);
    signal?.addEventListener('abort', onAbort, { once: true });
    const timer = setTimeout(() => stop(tooMuch('time')), this.#limits.timeMs);
    const before = process.memoryUsage.rss();
    const watch = setInterval(() => {
      if (process.memoryUsage.rss() - before > this.#limits.growthMegabytes * MEGABYTE)
        stop(tooMuch('memory'));
    }, WATCH_MS);
    try {
      thread.postMessage(job, transfer);
      return understood(await promise);
    } finally {
      clearTimeout(timer);
      clearInterval(watch);
      signal?.removeEventListener('abort', onAbort);
      thread.off('message', resolve).off('error', onError).off('exit', onExit);
      thread.unref();
    }
  }

  #start(): Worker {
    const thread = new Worker(THREAD, {
      name: 'extract',
      env: {},
      execArgv: [],
      // What libraries print about a file is nobody's business.
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: this.#limits.heapMegabytes, maxYoungGenerationSizeMb: 16 },
    });
    // One that ends while it has nothing to do is replaced by the next job.
    thread.on('error', () => undefined);
    thread.once('exit', () => {
      if (this.#thread === thread) this.#thread = undefined;
    });
    return thread;
  }

  #restLater(): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => void this.close(), this.#limits.idleMs);
    this.#idle.unref();
  }
}

function understood(answer: Answer): Answer {
  if (answer.type === 'refused') throw new ExtractionError(answer.code, answer.message);
  if (answer.type === 'broken') {
    throw new ExtractionError('invalid_file', 'The file is damaged and cannot be read.');
  }
  if (answer.type === 'failed') throw new Error(`The thread that reads files failed: ${answer.reason}`);
  return answer;
}

const tooMuch = (what: 'time' | 'memory'): ExtractionError =>
  new ExtractionError('invalid_file', `The file takes more ${what} to be read than a file may.`);
