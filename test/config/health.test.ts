import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { startAzurite } from '../../local/azurite.ts';
import { emulatedSessions } from '../../local/settings.ts';
import { createReadiness } from '../../shared/http/health.ts';
import { quietLog } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { startHost } from '../support/host.ts';

const SECRETS = { API_KEYS: 'team-a:key-nobody-reads', OPENAI_API_KEY: 'model-key-nobody-reads' };

const hostOn = ({ connectionString }: { readonly connectionString: string }) =>
  startHost({
    environment: {
      PATH: process.env.PATH,
      ...SECRETS,
      AzureWebJobsStorage: connectionString,
      STORAGE_PREFIX: 'health',
      OPENAI_BASE_URL: 'http://127.0.0.1:1/v1',
      ...emulatedSessions('http://127.0.0.1:1'),
    },
  });

/** What a probe without a key is told: the status and the body, which name no part by its address. */
async function probe(url: string): Promise<{ status: number; body: Record<string, string> }> {
  const response = await fetch(url);
  const text = await response.text();
  assert.equal(response.headers.get('cache-control'), 'no-store');
  assert.doesNotMatch(text, /nobody-reads|team-a|127\.0\.0\.1|devstoreaccount|Error|at /);
  return { status: response.status, body: JSON.parse(text) as Record<string, string> };
}

describe('probes without a key', () => {
  it('say ready while storage answers, not ready once it is away, and alive all the time', async () => {
    const azurite = await startAzurite();
    const host = await hostOn(azurite);
    try {
      const ready = { status: 'ready', storage: 'ok', queue: 'ok', model: 'ok' };
      assert.deepEqual(await probe(`${host.url}/readyz`), { status: 200, body: ready });
      assert.deepEqual(await probe(`${host.url}/healthz`), { status: 200, body: { status: 'alive' } });

      await azurite.kill();
      const away = await eventually(
        'the probe to notice',
        async () => {
          const answer = await probe(`${host.url}/readyz`);
          return answer.status !== 200 && answer;
        },
        60_000,
      );
      const body = { status: 'not ready', storage: 'failed', queue: 'failed', model: 'ok' };
      assert.deepEqual(away, { status: 503, body });
      assert.equal((await probe(`${host.url}/healthz`)).status, 200);
      assert.match(host.logs(), /"not ready","check":"storage","error":/);
      assert.doesNotMatch(host.logs(), /nobody-reads/);
    } finally {
      await host.kill();
      await azurite.stop();
    }
  });

  it('are answered soon by a host whose storage is busy from the start, and say when that is over', async () => {
    const azurite = await startAzurite();
    const storage = await startFaultProxy(azurite.connectionString);
    storage.fault = ({ service }) => (service === 'table' ? 'busy' : undefined);
    const host = await hostOn(storage);
    try {
      assert.deepEqual(await probe(`${host.url}/readyz`), { status: 503, body: { status: 'not ready' } });
      assert.doesNotMatch(host.logs(), /could not be made/, 'sooner than storage is given up');
      assert.equal((await probe(`${host.url}/healthz`)).status, 200);
      storage.fault = () => undefined;
      await eventually(
        'it to be ready',
        async () => (await probe(`${host.url}/readyz`)).status === 200,
        60_000,
      );
    } finally {
      await host.kill();
      await storage.stop();
      await azurite.stop();
    }
  });
});

describe('readiness', () => {
  it('is looked at once in ten seconds, however many ask, and then anew', async () => {
    let now = 0;
    let checks = 0;
    let works = true;
    const check = async () => {
      checks += 1;
      if (!works) throw new Error('it is away');
    };
    const readiness = createReadiness([{ name: 'storage', check }], { now: () => now }, quietLog);
    const [first] = await Promise.all([readiness(), readiness(), readiness()]);
    assert.deepEqual([first?.status, checks], [200, 1]);
    works = false;
    now = 10_000;
    assert.deepEqual([(await readiness()).status, checks], [200, 1]);
    now = 10_001;
    assert.deepEqual([(await readiness()).status, checks], [503, 2]);
  });
});
