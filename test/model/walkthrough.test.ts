import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { inflateSync } from 'node:zlib';

import { startArmEmulator } from '../../local/arm/emulator.ts';
import { walkThrough } from '../../local/demo/walkthrough.ts';
import { startDemoModel } from '../../local/demo-model/server.ts';
import { testApi } from '../support/api.ts';

const demo = await startDemoModel({ wordDelayMs: 0 });
after(() => demo.stop());
const arm = await startArmEmulator();
after(() => arm.stop());
const folder = await mkdtemp(join(tmpdir(), 'walkthrough-'));
after(() => rm(folder, { recursive: true }));

/** Red, green and blue of the first pixel, which every filter of PNG leaves as it is. */
function firstPixel(png: Buffer): number[] {
  assert.equal(png.subarray(1, 4).toString(), 'PNG');
  const chunks: Buffer[] = [];
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at);
    if (png.subarray(at + 4, at + 8).toString() === 'IDAT')
      chunks.push(png.subarray(at + 8, at + 8 + length));
    at += length + 12;
  }
  return [...inflateSync(Buffer.concat(chunks)).subarray(1, 4)];
}

test('the documentation’s walkthrough draws a sine wave, shows its code, and draws it on a dark background', async () => {
  await using api = await testApi({ OPENAI_BASE_URL: demo.url, SESSION_ARM_ENDPOINT: arm.url });
  const done = new AbortController();
  const working = (async () => {
    while (!done.signal.aborted) {
      await api.engine.pump();
      await delay(20);
    }
  })();
  const lines: string[] = [];
  try {
    const pictures = await walkThrough({
      client: api.client(),
      model: 'demo',
      folder,
      print: (line) => lines.push(line),
    });
    const [light, dark] = await Promise.all(pictures.map((path) => readFile(path)));
    assert.deepEqual(firstPixel(light!), [255, 255, 255]);
    assert.deepEqual(firstPixel(dark!), [0, 0, 0]);
  } finally {
    done.abort();
    await working;
  }
  const printed = lines.join('\n');
  assert.equal(printed.match(/ completed$/gm)?.length, 3);
  // The code of both calls, their logs, and the code as the assistant shows it.
  assert.equal(printed.match(/^ {2}\| y = np\.sin\(x\)$/gm)?.length, 2);
  assert.equal(printed.match(/^ {2}= 500 points/gm)?.length, 2);
  assert.match(printed, /^y = np\.sin\(x\)$/m);
  assert.equal(arm.requests.filter(({ method }) => method === 'PUT').length, 1);
});
