import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import fc from 'fast-check';
import { toFile } from 'openai';

import { testApi } from '../support/api.ts';
import { storageTraffic, writes } from '../support/storage-traffic.ts';
import { type OddRequest, oddRequest, withKnownIds } from './odd-requests.ts';

/**
 * Malformed requests over all operations: never a 5xx, never a hang, never a write. The seed is printed;
 * FUZZ_SEED repeats a run.
 */
const BATCH = 10;
const BATCHES = 600;
/** Some of what is generated turns out to be valid. */
const MALFORMED = 5000;
const SLOWEST_MS = 15_000;

const api = await testApi({ RATE_LIMIT_PER_MINUTE: '1000000', RUN_LEASE_SECONDS: '300' });
after(() => api[Symbol.asyncDispose]());

/** Objects that exist; each place in a batch has its own, so that neighbours do not get in each other's way. */
const objects: Record<string, string>[] = [];

before(async () => {
  const client = api.client();
  const { assistants, threads } = client.beta;
  const { id: assistant_id } = await assistants.create({ model: 'scripted' });
  const file = await client.files.create({
    file: await toFile(Buffer.from('x'), 'x.txt'),
    purpose: 'assistants',
  });
  for (let place = 0; place < BATCH; place++) {
    api.engine.model.add({ text: 'Hi' });
    const { id: run_id, thread_id } = await threads.createAndRun({
      assistant_id,
      thread: { messages: [{ role: 'user', content: 'x' }] },
    });
    await api.engine.pump();
    const { id: vector_store_id } = await client.vectorStores.create({});
    const upload = { bytes: 1, filename: 'x', mime_type: 'x/y', purpose: 'assistants' } as const;
    objects.push({
      assistant_id,
      thread_id,
      run_id,
      file_id: file.id,
      message_id: (await threads.messages.list(thread_id)).data[0]?.id ?? '',
      step_id: (await threads.runs.steps.list(run_id, { thread_id })).data[0]?.id ?? '',
      upload_id: (await client.uploads.create(upload)).id,
      vector_store_id,
      batch_id: (await client.vectorStores.fileBatches.create(vector_store_id, { file_ids: [file.id] })).id,
      model: 'scripted',
    });
  }
});

interface Answer {
  readonly status: number;
  readonly text: string;
}

async function send({ method, target, body, headers }: OddRequest, place: number): Promise<Answer> {
  const ids = objects[place] ?? {};
  const answer = await api.fetch(`http://api${withKnownIds(target, ids)}`, {
    method,
    ...(body === undefined ? {} : { body: withKnownIds(body, ids) }),
    headers: { 'api-key': 'KEY-A', ...headers },
    signal: AbortSignal.timeout(SLOWEST_MS),
  });
  return { status: answer.status, text: await answer.text() };
}

/** Sends a request and checks its answer. Returns whether it was refused. */
async function check(request: OddRequest, place: number): Promise<boolean> {
  const sent = storageTraffic(() => send(request, place));
  const slow = new Promise<never>((_resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer to ${JSON.stringify(request)}`)), SLOWEST_MS);
    void sent.finally(() => clearTimeout(timer)).catch(() => undefined);
  });
  const { result, transactions } = await Promise.race([sent, slow]);
  const { status, text } = result;
  const of = `${request.method} ${request.target} answered ${status}: ${text.slice(0, 300)}`;
  assert.ok(status < 500, of);
  if (status >= 400 || request.method === 'GET' || request.method === 'HEAD') {
    assert.deepEqual(writes(transactions), [], of);
  }
  if (status < 400) return false;
  if (request.method === 'HEAD') return true;
  const { error } = JSON.parse(text) as { error: Record<string, unknown> };
  assert.deepEqual(Object.keys(error), ['message', 'type', 'param', 'code'], of);
  assert.ok(String(error.message).length > 10, of);
  return true;
}

test(`${MALFORMED} malformed requests and more: never a 5xx, never a hang, never a write`, async (context) => {
  const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31);
  context.diagnostic(`seed ${seed}`);
  let refused = 0;
  const batch = fc.array(oddRequest, { minLength: BATCH, maxLength: BATCH });
  await fc.assert(
    fc.asyncProperty(batch, async (requests) => {
      const answers = await Promise.all(requests.map(check));
      refused += answers.filter(Boolean).length;
    }),
    { numRuns: BATCHES, seed, endOnFailure: true },
  );
  context.diagnostic(`${refused} of ${BATCH * BATCHES} were refused`);
  assert.ok(refused >= MALFORMED, `only ${refused} were malformed`);
});
