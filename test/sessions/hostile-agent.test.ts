import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { describe, test } from 'node:test';

import { AgentSession, agentHealth } from '../../shared/sessions/agent-client.ts';
import { done, endless, FakeAgent, numbered, started, stream } from '../support/fake-agent.ts';
import { rejectsWith } from '../support/session-errors.ts';
import { type Outcome, run } from '../support/sessions.ts';

const PNG = Buffer.from('89504e470d0a1a0a0000', 'hex').toString('base64');

/** Runs `e` on an agent that answers each request in turn; the last answer serves all that follow. */
async function executeOn(...answers: ((response: ServerResponse) => void)[]): Promise<Outcome> {
  let turn = 0;
  await using agent = await FakeAgent.start((request, response) => {
    if (request.url === '/v1/interrupt') return void response.writeHead(202).end('{"interrupted":true}');
    answers[Math.min(turn++, answers.length - 1)]?.(response);
  });
  const session = new AgentSession(agent.connection, 'group.boot', 1);
  return await run(session, 'code', { executionId: 'e' });
}

const says = (text: string) => (response: ServerResponse) => void response.end(text);
const says200 = (...lines: object[]) => says(numbered(lines));
describe('an execution told honestly', () => {
  test('arrives in order: text, figures, results on lines of their own, the end with its files', async () => {
    const file = '{"path":"a b/ü.csv","bytes":3,"mtime_ns":1763690000123456789}';
    const lines = [
      started,
      stream('one'),
      { type: 'execute_result', text: '42' },
      { type: 'display_data', mime: 'image/png', data: PNG },
      { type: 'heartbeat' },
    ];
    const end = JSON.stringify({ n: 4, ...done({ deleted: ['old.txt'] }) }).replace('[]', `[${file}]`);
    const outcome = await executeOn(says(`${numbered(lines)}${end}\n`));
    assert.equal(outcome.logs, 'one\n42');
    assert.equal(outcome.images, 1);
    // All digits of a time that a JavaScript number cannot hold.
    assert.deepEqual(outcome.done.files, [{ path: 'a b/ü.csv', bytes: 3, mtime: '1763690000123456789' }]);
    assert.deepEqual(outcome.done.deleted, ['old.txt']);
  });

  test('survives a connection that breaks in the middle: it is taken up at the next line', async () => {
    const urls: (string | undefined)[] = [];
    await using agent = await FakeAgent.start((request, response) => {
      urls.push(request.url);
      if (request.method === 'POST') {
        response.write(`${numbered([started, stream('a')])}{"n":2,"type":"str`, () => response.destroy());
      } else {
        response.end(numbered([stream('b'), done()], 2));
      }
    });
    const session = new AgentSession(agent.connection, 'group.boot', 1);
    assert.equal((await run(session, 'code', { executionId: 'e' })).logs, 'ab');
    assert.deepEqual(urls, ['/v1/execute', '/v1/executions/e?from=2']);
  });

  test('an execution of an earlier call that still runs is interrupted and waited for', async () => {
    let interrupted = false;
    await using agent = await FakeAgent.start((request, response) => {
      if (request.url === '/v1/interrupt') {
        interrupted = true;
        response.writeHead(202).end('{}');
      } else if (interrupted) response.end(numbered([started, done()]));
      else response.writeHead(409).end('{"error":{"code":"busy","message":"another execution runs"}}');
    });
    const outcome = await run(new AgentSession(agent.connection, 'g', 1), 'code', { executionId: 'e' });
    assert.equal(outcome.done.status, 'ok');
  });

  test('a kernel that is replaced names another kernel', async () => {
    await using agent = await FakeAgent.start((_request, response) => {
      const restarted = { type: 'kernel_restarted', reason: 'out_of_memory', generation: 2 };
      response.end(numbered([started, restarted, done({ status: 'kernel_died' })]));
    });
    const session = new AgentSession(agent.connection, 'g', 1);
    const before = session.kernel;
    const outcome = await run(session, 'code', { executionId: 'e' });
    assert.equal(outcome.restarted, 'out_of_memory');
    assert.notEqual(session.kernel, before);
  });

  test('aborting interrupts the code and ends with the reason', async () => {
    await using agent = await FakeAgent.start((request, response) => {
      if (request.url === '/v1/interrupt') response.writeHead(202).end('{}');
      else response.write(numbered([started, stream('running')]));
    });
    const controller = new AbortController();
    const reason = new Error('cancelled by the user');
    const call = { executionId: 'e', code: 'code', timeoutMs: 60_000 };
    const running = async () => {
      for await (const event of new AgentSession(agent.connection, 'g', 1).execute(call, controller.signal)) {
        if (event.type === 'logs') controller.abort(reason);
      }
    };
    await assert.rejects(running, reason);
    assert.deepEqual(agent.requests.at(-1), {
      method: 'POST',
      url: '/v1/interrupt',
      authorization: 'Bearer secret',
    });
  });
});

describe('a lie fails the call', () => {
  const file = (changes: object) => done({ files: [{ path: 'a', bytes: 1, mtime_ns: 1, ...changes }] });
  const lies: readonly [string, (response: ServerResponse) => void][] = [
    ['no JSON', says('hello\n')],
    ['JSON that is no object', says('[]\n')],
    ['an unknown kind of line', says200({ type: 'surprise' })],
    ['a wrong type', says200({ ...started, generation: 'first' })],
    ['a huge number', says200({ ...started, generation: 1e300 })],
    ['a wrong number of a line', says(numbered([started], 7))],
    ['a repeated line', says(numbered([started]) + numbered([started]))],
    ['another execution', says200({ ...started, execution_id: 'other' })],
    ['another kind of picture', says200(started, { type: 'display_data', mime: 'text/html', data: '' })],
    ['an unknown end', says200(started, done({ status: 'excellent' }))],
    ['an endless duration', says200(started, done({ ms: 1e12 }))],
    ['a path that climbs', says200(started, file({ path: '../x' }))],
    ['an absolute path', says200(started, file({ path: '/etc/passwd' }))],
    ['an empty step in a path', says200(started, file({ path: 'a//b' }))],
    ['a NUL in a path', says200(started, file({ path: 'a\0b' }))],
    ['a path without end', says200(started, file({ path: 'a'.repeat(5000) }))],
    ['a path that is no Unicode', says200(started, file({ path: '\ud800' }))],
    ['a negative size', says200(started, file({ bytes: -1 }))],
    ['an impossible size', says200(started, file({ bytes: 2 ** 60 }))],
    ['a size that is text', says200(started, file({ bytes: '1' }))],
    ['a time that is no number', says200(started, file({ mtime_ns: 'yesterday' }))],
    ['a climbing path among the deleted', says200(started, done({ deleted: ['../x'] }))],
    [
      'a file named twice',
      says200(started, done({ files: [1, 2].map((bytes) => ({ path: 'a', bytes, mtime_ns: 1 })) })),
    ],
    [
      'more files than there may be',
      says200(
        started,
        done({ files: Array.from({ length: 10_001 }, (_, n) => ({ path: `f${n}`, bytes: 1, mtime_ns: 1 })) }),
      ),
    ],
  ];
  for (const [name, answer] of lies) {
    test(name, () => assert.rejects(executeOn(answer), rejectsWith('misbehaved', /./)));
  }

  test('a redirection is not followed', async () => {
    await using elsewhere = await FakeAgent.start((_request, response) => void response.end());
    const redirect = (response: ServerResponse) =>
      void response.writeHead(307, { location: `${elsewhere.address}/v1/execute` }).end();
    await assert.rejects(executeOn(redirect), rejectsWith('rejected', /307/));
    assert.equal(elsewhere.requests.length, 0, 'nothing reached the other address');
  });
});

describe('a flood', () => {
  test('of text is cut with a note', async () => {
    const lines = Array.from({ length: 5 }, () => stream('x'.repeat(1024 * 1024)));
    const { logs } = await executeOn(says200(started, ...lines, done()));
    assert.equal(logs.replace(/[^x]/g, '').length, 2 * 1024 * 1024);
    assert.match(logs, /\n\[output cut at 2097152 bytes\]\n$/);
  });

  test('that the agent cut is noted once', async () => {
    const { logs } = await executeOn(
      says200(started, stream('abc'), { type: 'truncated', limit_bytes: 3 }, done()),
    );
    assert.equal(logs, 'abc\n[output cut at 3 bytes]\n');
    const pictures = await executeOn(
      says200(started, { type: 'truncated', what: 'images', limit_bytes: 9 }, stream('text'), done()),
    );
    assert.equal(pictures.logs, '[images left out: at most 64, of 9 bytes together, are shown]\ntext');
  });

  test('of pictures is cut with a note, and what is no picture is left out', async () => {
    const picture = (data: string) => ({ type: 'display_data', mime: 'image/png', data });
    const lines = Array.from({ length: 70 }, () => picture(PNG));
    const { images, logs } = await executeOn(says200(started, ...lines, done()));
    assert.equal(images, 64);
    assert.equal(logs, '[only the first 64 images are shown]\n');
    const fake = await executeOn(says200(started, picture(Buffer.from('<svg>').toString('base64')), done()));
    assert.deepEqual([fake.images, fake.logs], [0, '[an image that is not image/png was left out]\n']);
  });

  test('in one line without end fails the call', async () => {
    const flood = (response: ServerResponse) => {
      response.write('{"n":0,"type":"stream","name":"stdout","text":"');
      endless(response, 'x'.repeat(1024 * 1024));
    };
    await assert.rejects(executeOn(flood), rejectsWith('misbehaved', /flooded/));
  });

  test('of lines without end fails the call', async () => {
    const flood = (response: ServerResponse) => {
      response.write(numbered([started]));
      let n = 1;
      endless(response, () => numbered([stream('x'.repeat(1024 * 1024))], n++));
    };
    await assert.rejects(executeOn(flood), rejectsWith('misbehaved', /flooded/));
  });

  test('of heartbeats without end fails the call', async () => {
    await assert.rejects(
      executeOn((response) => endless(response, '{"type":"heartbeat"}\n'.repeat(50_000))),
      rejectsWith('misbehaved', /flooded/),
    );
  });

  test('of lines without content fails the call', async () => {
    let n = 0;
    const flood = (response: ServerResponse) =>
      endless(response, () => {
        n += 1000;
        return numbered(
          Array.from({ length: 1000 }, () => stream('')),
          n - 1000,
        );
      });
    await assert.rejects(executeOn(flood), rejectsWith('misbehaved', /more lines/));
  });

  test('in a small answer fails the call', async () => {
    await using agent = await FakeAgent.start((_request, response) => endless(response, ' '.repeat(65_536)));
    await assert.rejects(agentHealth(agent.address), rejectsWith('misbehaved', /too long/));
    const session = new AgentSession(agent.connection, 'g', 1);
    await assert.rejects(session.listFiles(), rejectsWith('misbehaved', /too long/));
  });
});

describe('an agent that stalls', () => {
  test('is asked again, and given up when it goes on', async () => {
    await using agent = await FakeAgent.start((request, response) => {
      if (request.method === 'POST') response.write(numbered([started]));
    });
    const session = new AgentSession({ ...agent.connection, idleMs: 50 }, 'g', 1);
    await assert.rejects(
      run(session, 'code', { executionId: 'e' }),
      rejectsWith('misbehaved', /stopped answering/),
    );
    assert.equal(agent.requests.filter(({ url }) => url === '/v1/executions/e?from=1').length, 4);
  });

  test('with heartbeats that never come to an end fails the call', async () => {
    await using agent = await FakeAgent.start((_request, response) => {
      const beat = setInterval(() => response.write('{"type":"heartbeat"}\n'), 10);
      response.on('close', () => clearInterval(beat));
    });
    const session = new AgentSession({ ...agent.connection, overtimeMs: 50 }, 'g', 1);
    await assert.rejects(
      run(session, 'code', { executionId: 'e', timeoutMs: 50 }),
      rejectsWith('misbehaved', /did not finish in time/),
    );
  });

  test('before it answers at all is not waited for', async () => {
    await using agent = await FakeAgent.start(() => undefined);
    const session = new AgentSession({ ...agent.connection, idleMs: 50 }, 'g', 1);
    await assert.rejects(session.listFiles(), rejectsWith('lost', /stopped answering/));
  });
});

describe('an agent that goes away', () => {
  test('at every answer is given up after a few tries', async () => {
    let tries = 0;
    const leave = (response: ServerResponse) => {
      tries += 1;
      response.destroy();
    };
    await assert.rejects(executeOn(leave), rejectsWith('lost', /gone/));
    assert.equal(tries, 5);
  });

  test('and has forgotten the execution when it is back is a lost session', async () => {
    const broken = (response: ServerResponse) =>
      response.write(numbered([started]), () => response.destroy());
    const forgotten = (response: ServerResponse) =>
      void response.writeHead(404).end('{"error":{"code":"unknown_execution","message":"?"}}');
    await assert.rejects(executeOn(broken, forgotten), rejectsWith('lost', /does not know/));
  });

  test('and whose address somebody else has, is a lost session', async () => {
    const other = (response: ServerResponse) => void response.writeHead(401).end('{}');
    await assert.rejects(executeOn(other), rejectsWith('lost', /./));
  });
});
