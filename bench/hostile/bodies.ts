import { gzipSync } from 'node:zlib';

import { milliseconds, type Report } from '../report.ts';
import { ATTACKER, type HostileScene } from './scene.ts';

const MEBIBYTE = 1024 * 1024;
const TIMES = 3;
/** As the largest operations accept. */
const LARGEST = 32 * MEBIBYTE - 1000;

const filled = (unit: string, bytes: number): string =>
  unit.repeat(Math.floor(bytes / Buffer.byteLength(unit)));
const texts = (unit: string): string => {
  const one = filled(unit, 250_000);
  const count = Math.floor(LARGEST / (Buffer.byteLength(one) + 40));
  return `{"messages":[${Array(count).fill(`{"role":"user","content":"${one}"}`).join(',')}]}`;
};
const list = (item: string, bytes: number): string => `{"messages":[${filled(`${item},`, bytes)}${item}]}`;

/** The worst that we could think of. Most are refused; what is valid shall hold nobody up either. */
export const kinds: Readonly<Record<string, () => string>> = {
  zeros: () => list('0', LARGEST),
  'empty objects, 8 MiB': () => list('{}', 8 * MEBIBYTE),
  'empty objects, as many as are looked at': () => list('{}', 149_000),
  'wrong messages, as many as are looked at': () => list('{"a":1}', 190_000),
  'short messages, as many as are accepted': () => list('{"role":"user","content":"x"}', 240_000),
  'strings of 1,000 letters': () => list(`"${'x'.repeat(1000)}"`, LARGEST),
  'one string of letters': () => `{"messages":"${filled('x', LARGEST)}"}`,
  'one string of escaped newlines': () => `{"messages":"${filled('x\\n', LARGEST)}"}`,
  'one string of escaped letters': () => `{"messages":"${filled('\\u0041', LARGEST)}"}`,
  'one string of emojis': () => `{"messages":"${filled('😀', LARGEST)}"}`,
  'messages of 250,000 letters': () => texts('x'),
  'messages of 83,000 ideographs': () => texts('漢'),
  'messages of quotes': () => texts('\\"'),
  'nested arrays': () => filled('[', LARGEST),
  'nested objects': () => filled('{"a":', LARGEST),
  'one name': () => `{"${filled('x', LARGEST)}":1}`,
  'names, all different': () => `{${Array.from({ length: 2_000_000 }, (_, at) => `"k${at}":0`).join(',')}}`,
  'names, all the same': () => `{${filled('"a":0,', LARGEST)}"a":0}`,
  'numbers of 10,000 digits': () => list('9'.repeat(10_000), LARGEST),
  'one number': () => `{"messages":${filled('9', LARGEST)}}`,
  spaces: () => `{${filled(' ', LARGEST)}}`,
};

export async function bodies(report: Report, scene: HostileScene): Promise<void> {
  for (const [what, make] of Object.entries(kinds)) {
    const plain = Buffer.from(make());
    await row(report, scene, what, plain, {});
    await row(report, scene, `${what}, compressed`, gzipSync(plain), { 'content-encoding': 'gzip' });
  }
}

async function row(
  report: Report,
  scene: HostileScene,
  what: string,
  body: Buffer,
  headers: Record<string, string>,
) {
  const statuses = new Set<number>();
  const { longestMs, grownBytes } = await scene.harmOf(async () => {
    for (let time = 0; time < TIMES; time++) {
      const answer = await fetch(`${scene.url}/v1/threads`, {
        method: 'POST',
        headers: { 'api-key': ATTACKER, 'content-type': 'application/json', ...headers },
        body: new Uint8Array(body),
        signal: AbortSignal.timeout(30_000),
      });
      statuses.add(answer.status);
      await answer.text();
    }
  });
  const sent = `${what}, ${(body.length / MEBIBYTE).toFixed(1)} MiB (${[...statuses].join()})`;
  report.row(sent, `${milliseconds(longestMs)}, +${Math.round(grownBytes / MEBIBYTE)} MiB`, '≤ 50 ms');
}
