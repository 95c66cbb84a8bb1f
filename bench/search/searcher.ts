import { BlobServiceClient } from '@azure/storage-blob';

import { systemClock } from '../../shared/clock.ts';
import { BlobIndex } from '../../shared/search/index/blob-index.ts';
import { BlobTexts } from '../../shared/search/text/blob-texts.ts';
import { storageTraffic } from '../../test/support/storage-traffic.ts';
import { percentile } from '../report.ts';
import { chance, someVector, someWords } from './synthetic-index.ts';

/** A process that searches one store, from cold: `node searcher.ts CONTAINER PROJECT STORE`. Prints JSON. */
const [containerName = '', project = '', id = ''] = process.argv.slice(2);
const storage = process.env.TEST_STORAGE ?? '';
const container = BlobServiceClient.fromConnectionString(storage).getContainerClient(containerName);
// The clients and their connection are there in a process that serves requests.
await container.exists();
const index = new BlobIndex({ container, texts: new BlobTexts(container), clock: systemClock });
const random = chance(4711);
const LIMIT = 20;

async function search() {
  const query = { text: someWords(random, 8), vector: someVector(random), limit: LIMIT };
  const begun = performance.now();
  const cpu = process.cpuUsage();
  const { result, transactions } = await storageTraffic(() => index.search({ project, id }, query));
  if (result.length !== LIMIT) throw new Error(`${result.length} results`);
  const { user, system } = process.cpuUsage(cpu);
  return { ms: performance.now() - begun, cpuMs: (user + system) / 1000, requests: transactions.length };
}

const cold = await search();
for (let i = 0; i < 30; i++) await search();
const warm = [];
for (let i = 0; i < 50; i++) warm.push(await search());
console.log(
  JSON.stringify({
    cold,
    warm: {
      ms: percentile(
        warm.map(({ ms }) => ms),
        0.5,
      ),
      cpuMs: percentile(
        warm.map(({ cpuMs }) => cpuMs),
        0.5,
      ),
      requests: Math.max(...warm.map(({ requests }) => requests)),
    },
    rssMegabytes: process.memoryUsage.rss() / 1024 / 1024,
  }),
);
process.exit(0);
