import { BlobServiceClient } from '@azure/storage-blob';

import { systemClock } from '../../shared/clock.ts';
import { lexicalEmbedder } from '../../shared/search/embed/lexical.ts';
import { AUTO_CHUNKS, EXTRACTOR_VERSION } from '../../shared/search/extract/extraction.ts';
import { ThreadExtractor } from '../../shared/search/extract/thread-extractor.ts';
import { BlobIndex } from '../../shared/search/index/blob-index.ts';
import { BlobTexts } from '../../shared/search/text/blob-texts.ts';
import { pdf } from '../../test/search/sample-files.ts';
import { chance, someWords } from './synthetic-index.ts';

/** A process that indexes one long file: `node reader.ts CONTAINER pdf|txt`. Prints JSON. */
const [containerName = '', kind = ''] = process.argv.slice(2);
const storage = process.env.TEST_STORAGE ?? '';
const container = BlobServiceClient.fromConnectionString(storage).getContainerClient(containerName);
const texts = new BlobTexts(container);
const index = new BlobIndex({ container, texts, clock: systemClock });
const extractor = new ThreadExtractor();
const random = chance(1);
const MEGABYTE = 1024 * 1024;

function aFile(): Buffer {
  if (kind === 'txt')
    return Buffer.from(Array.from({ length: 65_000 }, () => `${someWords(random, 20)}.\n`).join(''));
  const page = () => Array.from({ length: 40 }, () => someWords(random, 12)).join('\n');
  const pages = pdf(Array.from({ length: 1_500 }, page));
  // Pictures make up most of such a file, and are not looked at.
  return Buffer.concat([pages, Buffer.alloc(Math.max(0, 20 * MEGABYTE - pages.length), 0x20)]);
}

const file = aFile();
const bytes = file.length;
global.gc?.();
const before = process.memoryUsage.rss();
let most = before;
const watch = setInterval(() => {
  most = Math.max(most, process.memoryUsage.rss());
}, 20);
/** CPU time of this thread between two turns of its loop, at most: others are kept waiting at least as long. */
let blockedMs = 0;
let used = process.threadCpuUsage();
const turn = () => {
  const { user, system } = process.threadCpuUsage(used);
  blockedMs = Math.max(blockedMs, (user + system) / 1000);
  used = process.threadCpuUsage();
  setImmediate(turn).unref();
};
turn();
const begun = performance.now();
const text = await extractor.extract(`long.${kind}`, file);
const name = { project: 'bench', fileId: `file-${kind}`, version: EXTRACTOR_VERSION };
await texts.write(name, text);
const { passages } = await extractor.chunk(text, AUTO_CHUNKS);
const decoder = new TextDecoder();
// In pieces, as indexing does.
const vectors: Float32Array[] = [];
for (let from = 0; from < passages.length; from += 256) {
  const piece = passages
    .slice(from, from + 256)
    .map(({ start, end }) => decoder.decode(text.subarray(start, end)));
  vectors.push(...(await lexicalEmbedder.embed(piece)));
}
await index.append(
  { project: 'bench', id: `vs_${kind}` },
  {
    fileId: name.fileId,
    attempt: 1,
    fileName: `long.${kind}`,
    attributes: null,
    textVersion: EXTRACTOR_VERSION,
    text,
    passages,
    vectors,
  },
);
const ms = performance.now() - begun;
clearInterval(watch);
console.log(
  JSON.stringify({
    megabytes: bytes / MEGABYTE,
    textMegabytes: text.length / MEGABYTE,
    passages: passages.length,
    ms,
    growthMegabytes: (most - before) / MEGABYTE,
    blockedMs,
  }),
);
process.exit(0);
