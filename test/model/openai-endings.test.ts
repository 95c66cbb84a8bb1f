import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { ModelError } from '../../shared/model/model.ts';
import { createModel } from '../../shared/model/openai.ts';
import { modelConfig } from '../support/model-config.ts';

const chunk = (choice: object) => `data: ${JSON.stringify({ choices: [{ index: 0, ...choice }] })}\n\n`;
const HELLO = chunk({ delta: { content: 'Hello' } });
const DONE = 'data: [DONE]\n\n';

/** What a model whose server answers with these pieces of text is taken to say. */
async function said(pieces: readonly (string | number)[], type = 'text/event-stream') {
  const server = createServer(async (_request, response) => {
    response.writeHead(200, { 'content-type': type });
    for (const piece of pieces) {
      if (typeof piece === 'number') await delay(piece);
      else response.write(piece);
    }
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const model = createModel(modelConfig(url, { modelIdleTimeoutMs: 1500 }));
  const request = { model: 'm', messages: [{ role: 'user' as const, content: 'Hi' }] };
  let text = '';
  let finish = '';
  try {
    for await (const delta of model.complete(request, AbortSignal.timeout(60_000))) {
      if (delta.type === 'text') text += delta.text;
      if (delta.type === 'finish') finish = delta.reason;
    }
    return [text, finish];
  } catch (error) {
    assert.ok(error instanceof ModelError, String(error));
    return [error.message, error.retryable];
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const BROKEN = ['The connection to the model ended before its answer was complete.', true];

test('a server that sends comments while it thinks is not silent', async () => {
  const comments = Array.from({ length: 5 }, () => [500, ': PROCESSING\n\n']).flat();
  const end = chunk({ delta: { content: '!' }, finish_reason: 'stop' });
  assert.deepEqual(await said([HELLO, ...comments, end, DONE]), ['Hello!', 'stop']);
});

test('a stream that ends in order without a reason is complete', async () => {
  assert.deepEqual(await said([HELLO, DONE]), ['Hello', 'stop']);
  assert.deepEqual(await said([HELLO, 'data: [DO', 50, 'NE]\n\n']), ['Hello', 'stop']);
});

/** A server that writes the same piece for ever, as fast as it is read; how much it wrote before it was left. */
async function saidForEver(head: string, piece: string, status = 200) {
  let written = 0;
  let left = false;
  const server = createServer(async (_request, response) => {
    response.writeHead(status, { 'content-type': 'text/event-stream' });
    response.write(head);
    response.once('close', () => {
      left = true;
    });
    while (!left) {
      written += piece.length;
      if (!response.write(piece)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const model = createModel(modelConfig(url, { modelIdleTimeoutMs: 20_000 }));
  try {
    const request = { model: 'm', messages: [{ role: 'user' as const, content: 'Hi' }] };
    for await (const _ of model.complete(request, AbortSignal.timeout(60_000)));
    return { problem: '', written };
  } catch (error) {
    assert.ok(error instanceof ModelError, String(error));
    return { problem: error.message, written };
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test('a line, an event or an error without an end is broken off, before it fills the memory', async () => {
  const piece = 'x'.repeat(64 * 1024);
  for (const [head, repeated, status] of [
    ['data: {"choices":[{"delta":{"content":"', piece, 200],
    ['', `data: ${piece}\n`, 200],
    ['', piece, 500],
  ] as const) {
    const { problem, written } = await saidForEver(head, repeated, status);
    assert.match(problem, /more than 16 MiB without the end of an event/);
    // What the sockets on the way hold comes on top.
    assert.ok(written < 64 * 1024 ** 2, `${written} bytes`);
  }
});

test('one that only stops, has nothing, or speaks of the mark, is not', async () => {
  assert.deepEqual(await said([HELLO]), BROKEN);
  assert.deepEqual(await said([DONE]), BROKEN);
  assert.deepEqual(await said([chunk({ delta: { content: '\ndata: [DONE]\n' } })]), BROKEN);
});

test('an answer that the server calls a failure is not taken for one, nor one cut short for whole', async () => {
  assert.deepEqual(await said([HELLO, chunk({ delta: {}, finish_reason: 'error' }), DONE]), BROKEN);
  const cut = chunk({ delta: {}, finish_reason: 'max_tokens' });
  assert.deepEqual(await said([HELLO, cut, DONE]), ['Hello', 'length']);
});

test('a server that does not stream is said to, once', async () => {
  const whole = JSON.stringify({ choices: [{ message: { role: 'assistant', content: 'Hello' } }] });
  const message = 'The server of the model does not stream: it answered in one piece.';
  assert.deepEqual(await said([whole], 'application/json'), [message, false]);
});
