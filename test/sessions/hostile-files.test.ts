import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, test } from 'node:test';

import { AgentSession } from '../../shared/sessions/agent-client.ts';
import type { SessionError } from '../../shared/sessions/session.ts';
import { FakeAgent } from '../support/fake-agent.ts';
import { rejectsWith } from '../support/session-errors.ts';

describe('files', () => {
  const file = { path: 'a.bin', bytes: 10, mtime: '1' };
  const serving = (handler: (response: ServerResponse) => void) =>
    FakeAgent.start((request, response) => {
      request.resume();
      handler(response);
    });
  const sessionOn = (agent: FakeAgent) => new AgentSession(agent.connection, 'g', 1);

  test('a file comes as long as it was announced', async () => {
    await using agent = await serving((response) => void response.end('0123456789'));
    assert.equal((await buffer(await sessionOn(agent).getFile(file))).toString(), '0123456789');
  });

  test('another length is refused before a byte is read', async () => {
    await using agent = await serving((response) => void response.end('0123'));
    await assert.rejects(sessionOn(agent).getFile(file), rejectsWith('rejected', /changed/));
  });

  test('a file that ends early fails its stream', async () => {
    await using agent = await serving((response) => {
      response.writeHead(200, { 'content-length': 10 });
      response.write('0123', () => response.destroy());
    });
    await assert.rejects(buffer(await sessionOn(agent).getFile(file)));
  });

  test('an error message is shortened and a status taken as it is', async () => {
    await using agent = await serving((response) => {
      response.writeHead(507).end(JSON.stringify({ error: { message: `full ${'!'.repeat(10_000)}` } }));
    });
    const put = sessionOn(agent).putFile('a.bin', Readable.from([Buffer.alloc(10)]), 10);
    await assert.rejects(put, (error: SessionError) => {
      assert.equal(error.code, 'rejected');
      return error.message.includes('full !') && error.message.length < 600;
    });
  });

  test('an agent that refuses early ends the upload of a file that is never read', async () => {
    const megabyte = Buffer.alloc(1024 * 1024);
    const endlessFile = Readable.from(
      (function* () {
        for (let sent = 0; sent < 4096; sent++) yield megabyte;
      })(),
    );
    await using agent = await FakeAgent.start((_request, response) => {
      response.writeHead(507).end('{"error":{"message":"disk full"}}');
    });
    const put = sessionOn(agent).putFile('a.bin', endlessFile, 4096 * megabyte.length);
    await assert.rejects(put, rejectsWith('rejected', /disk full/));
  });

  test('a stored file of another name or size is a lie', async () => {
    for (const stored of [{ path: 'b.bin' }, { bytes: 9 }]) {
      await using agent = await serving((response) => {
        response.writeHead(201).end(JSON.stringify({ path: 'a.bin', bytes: 10, mtime_ns: 1, ...stored }));
      });
      const put = sessionOn(agent).putFile('a.bin', Readable.from([Buffer.alloc(10)]), 10);
      await assert.rejects(put, rejectsWith('misbehaved', /another file/));
    }
  });

  test('content that is shorter, longer or broken fails with its own error', async () => {
    const contents: [Readable, RegExp][] = [
      [Readable.from([Buffer.alloc(9)]), /9 bytes arrived instead of 10/],
      [Readable.from([Buffer.alloc(11)]), /more than the announced 10 bytes/],
      [
        new Readable({
          read: (): never => {
            throw new Error('storage broke');
          },
        }),
        /storage broke/,
      ],
    ];
    for (const [content, expected] of contents) {
      await using agent = await serving(() => undefined);
      await assert.rejects(sessionOn(agent).putFile('a.bin', content, 10), expected);
    }
  });

  test('a name that leads elsewhere never leaves this process', async () => {
    await using agent = await serving((response) => void response.end());
    for (const path of ['../x', '/x', 'a/../../x', '', 'a//b', '.']) {
      await assert.rejects(
        sessionOn(agent).putFile(path, Readable.from([]), 0),
        rejectsWith('rejected', /file name/),
      );
    }
    assert.equal(agent.requests.length, 0);
  });

  test('names with spaces, signs and other scripts arrive as they are', async () => {
    const path = 'année 1/50% #?&+.csv';
    await using agent = await FakeAgent.start((request, response) => {
      const name = decodeURIComponent(request.url?.replace('/v1/files/', '') ?? '');
      request.resume().on('end', () => {
        response.writeHead(201).end(JSON.stringify({ path: name, bytes: 2, mtime_ns: 1 }));
      });
    });
    const stored = await sessionOn(agent).putFile(path, Readable.from([Buffer.from('ok')]), 2);
    assert.equal(stored.path, path);
  });
});
