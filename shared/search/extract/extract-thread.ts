import { parentPort } from 'node:worker_threads';

import { chunkText } from './chunk-text.ts';
import { extractText } from './extract-text.ts';
import { ExtractionError } from './extraction.ts';
import type { Answer, Job } from './jobs.ts';

/** The thread in which files are read: one job at a time, without environment, in bounded memory. */
const port = parentPort;
if (!port) throw new Error('To be started as a worker thread.');

port.on('message', (job: Job) => {
  void work(job).then(
    (answer) => port.postMessage(answer, answer.type === 'text' ? [answer.text.buffer as ArrayBuffer] : []),
    (error: unknown) => port.postMessage(failure(job, error)),
  );
});

async function work(job: Job): Promise<Answer> {
  if (job.type === 'extract') {
    const text = await extractText(job.fileName, job.bytes);
    return { type: 'text', text: new TextEncoder().encode(text) };
  }
  const { countTokens, setMergeCacheSize } = await import('gpt-tokenizer/encoding/o200k_base');
  setMergeCacheSize(20_000);
  // Files may say `<|endoftext|>`, which is text like any other.
  const options = { disallowedSpecial: new Set<string>() };
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(job.text);
  const chunked = chunkText(text, job.size, (piece) => countTokens(piece, options));
  return { type: 'chunked', chunked };
}

function failure(job: Job, error: unknown): Answer {
  if (error instanceof ExtractionError) return { type: 'refused', code: error.code, message: error.message };
  const { name, code } = error instanceof Error ? (error as Error & { code?: unknown }) : {};
  // Node's own errors speak of this program, as of a module that is not there; all others of the file.
  const ours = job.type === 'chunk' || typeof code === 'string';
  return { type: ours ? 'failed' : 'broken', reason: `${name ?? typeof error}${code ? ` ${code}` : ''}` };
}
