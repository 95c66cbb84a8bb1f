import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { after, before, describe, it } from 'node:test';

import { type Stack, startStack } from '../support/stack.ts';

const MIB = 1024 * 1024;
const FILE_BYTES = 200 * MIB;
const SMALL_BYTES = 16 * MIB;
/** What a transfer may add to the host's memory, whatever the file's size. */
const GROWTH = 64 * MIB;

describe('a file of 200 MB', () => {
  let stack: Stack;
  before(async () => {
    stack = await startStack();
  });
  after(async () => {
    await stack?.[Symbol.asyncDispose]();
  });

  it('goes up and down in a bounded part of the host’s memory', async () => {
    // What a process takes once (SDKs, connections, the collector's slack) is not the file's doing.
    const small = await upload(SMALL_BYTES);
    await download(small.id);
    const before = residentBytes();
    const watch = watchPeak();
    const { id, digest } = await upload(FILE_BYTES);
    assert.equal(await download(id), digest);
    const growth = watch.stop() - before;
    console.log(`peak growth of the host's resident memory: ${Math.round(growth / MIB)} MiB`);
    assert.ok(growth < GROWTH, `the host grew by ${Math.round(growth / MIB)} MiB`);
  });

  /** `multipart/form-data` from a stream: the client of the test must not hold the file either. */
  async function upload(bytes: number): Promise<{ id: string; digest: string }> {
    const boundary = 'hourglass-test';
    const hash = createHash('sha256');
    const head = `--${boundary}\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nassistants\r\n--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="big.csv"\r\ncontent-type: text/csv\r\n\r\n`;
    async function* body() {
      yield Buffer.from(head);
      for (let sent = 0; sent < bytes; sent += MIB) {
        const chunk = Buffer.alloc(MIB, sent / MIB);
        hash.update(chunk);
        yield chunk;
      }
      yield Buffer.from(`\r\n--${boundary}--\r\n`);
    }
    const outgoing = request(`${stack.host.url}/v1/files`, {
      method: 'POST',
      headers: { authorization: 'Bearer KEY-A', 'content-type': `multipart/form-data; boundary=${boundary}` },
    });
    const answered = new Promise<Buffer>((resolve, reject) => {
      outgoing.once('error', reject).once('response', (response) => {
        response.toArray().then((chunks: Buffer[]) => resolve(Buffer.concat(chunks)), reject);
      });
    });
    await pipeline(Readable.from(body()), outgoing);
    const file = JSON.parse((await answered).toString());
    assert.equal(file.bytes, bytes, JSON.stringify(file));
    return { id: file.id, digest: hash.digest('hex') };
  }

  async function download(id: string): Promise<string> {
    const response = await fetch(`${stack.host.url}/v1/files/${id}/content`, {
      headers: { authorization: 'Bearer KEY-A' },
    });
    const hash = createHash('sha256');
    for await (const chunk of response.body!) hash.update(chunk);
    return hash.digest('hex');
  }

  function residentBytes(): number {
    const pages = Number(readFileSync(`/proc/${stack.host.pid}/statm`, 'utf8').split(' ')[1]);
    return pages * 4096;
  }

  function watchPeak() {
    let peak = residentBytes();
    const timer = setInterval(() => {
      peak = Math.max(peak, residentBytes());
    }, 20);
    return {
      stop() {
        clearInterval(timer);
        return peak;
      },
    };
  }
});
