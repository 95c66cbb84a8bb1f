import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { type RunEventsOptions, RunUnknown, runEvents } from '../../playground/api/run-events.ts';
import { readServerSentEvents } from '../../playground/api/server-sent-events.ts';

const encoder = new TextEncoder();

/** A body that ends, or breaks, behind its last piece; or says nothing more. */
function body(
  pieces: readonly string[],
  end: 'ends' | 'breaks' | 'hangs' = 'ends',
): ReadableStream<Uint8Array> {
  const rest = [...pieces];
  return new ReadableStream({
    pull(controller) {
      const piece = rest.shift();
      if (piece !== undefined) return controller.enqueue(encoder.encode(piece));
      if (end === 'ends') return controller.close();
      if (end === 'breaks') return controller.error(new TypeError('network error'));
      return new Promise(() => undefined);
    },
  });
}

const event = (id: number, name: string, data: object = {}) =>
  `id: ${id}\nevent: ${name}\ndata: ${JSON.stringify({ id: 'run_1', thread_id: 'thread_1', ...data })}\n\n`;
const created = event(1, 'thread.run.created');
const completed = event(9, 'thread.run.completed');
const done = 'event: done\ndata: [DONE]\n\n';

/** Plays one body for the request and one for each attempt to take it up; keeps what it was asked. */
function connection(...bodies: (ReadableStream<Uint8Array> | Error)[]) {
  const asked: (string | undefined)[] = [];
  const broken: number[] = [];
  const next = async () => {
    const answer = bodies.shift() ?? new Error('nothing left');
    if (answer instanceof Error) throw answer;
    return new Response(answer);
  };
  const options: RunEventsOptions = {
    open: next,
    follow: (_, after) => {
      asked.push(after);
      return next();
    },
    onBroken: (attempt) => broken.push(attempt),
    pause: async () => undefined,
    signal: new AbortController().signal,
    silenceMs: 200,
  };
  return { options, asked, broken };
}

async function ids(options: RunEventsOptions): Promise<(string | undefined)[]> {
  const seen: (string | undefined)[] = [];
  for await (const { id } of runEvents(options)) seen.push(id);
  return seen;
}

describe('the events of a run', () => {
  it('end with the run, whether or not “done” still comes', async () => {
    assert.deepEqual(await ids(connection(body([created, completed, done])).options), ['1', '9']);
    assert.deepEqual(await ids(connection(body([created, completed], 'hangs')).options), ['1', '9']);
  });

  for (const how of ['ends', 'breaks', 'hangs'] as const) {
    it(`go on after the last id when the connection ${how}`, async () => {
      const { options, asked, broken } = connection(
        body([created, event(2, 'thread.run.queued'), event(3, 'thread.message.delta').slice(0, 20)], how),
        new TypeError('Failed to fetch'),
        body([event(3, 'thread.message.delta')], how),
        body([completed, done]),
      );
      assert.deepEqual(await ids(options), ['1', '2', '3', '9']);
      assert.deepEqual(asked, ['2', '2', '3']);
      assert.deepEqual(broken, [1, 2, 0, 1, 0]);
    });
  }

  it('go on after an event “error”, which ends a stream and no run', async () => {
    const error = 'event: error\ndata: {"error":{"message":"stopping"}}\n\n';
    const { options, asked } = connection(body([created, error]), body([completed, done]));
    assert.deepEqual(await ids(options), ['1', '9']);
    assert.deepEqual(asked, ['1']);
  });

  it('stop where the log is refused, and where the run was never known', async () => {
    const gone = Object.assign(new Error('No log'), { status: 404 });
    await assert.rejects(ids(connection(body([created], 'breaks'), gone).options), gone);
    await assert.rejects(ids(connection(body([], 'breaks')).options), RunUnknown);
  });

  it('stop when nobody looks any more, also in the middle of silence', async () => {
    const leave = new AbortController();
    const { options } = connection(body([created], 'hangs'));
    const reading = ids({ ...options, signal: leave.signal, silenceMs: 60_000 });
    setImmediate(() => leave.abort());
    assert.deepEqual(await reading, ['1']);
  });
});

describe('server-sent events', () => {
  const all = async (stream: ReadableStream<Uint8Array>) => {
    const events = [];
    for await (const one of readServerSentEvents(stream)) events.push(one);
    return events;
  };

  it('are the same however the bytes are cut', async () => {
    const text = `: hello\n\n${event(1, 'a', { text: 'äöü 🜚' })}data: one\r\ndata: two\r\n\r\nevent: b\ndata:x\n\ncut: off`;
    const whole = await all(body([text]));
    assert.deepEqual(whole.slice(2), [{ data: 'one\ntwo' }, { event: 'b', data: 'x' }]);
    const bytes = encoder.encode(text);
    for (let size = 1; size < 7; size += 1) {
      const parts = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
        bytes.slice(index * size, (index + 1) * size),
      );
      const stream = new ReadableStream<Uint8Array>({
        start(controller) {
          for (const part of parts) controller.enqueue(part);
          controller.close();
        },
      });
      assert.deepEqual(await all(stream), whole);
    }
  });
});
