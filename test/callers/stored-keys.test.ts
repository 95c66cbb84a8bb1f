import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { digest, readApiKeys } from '../../shared/callers/api-keys.ts';
import { KNOWN_MS, type KnownKey, newKey, storedKeys } from '../../shared/callers/stored-keys.ts';
import { DAY } from '../../shared/clock.ts';
import { testApi } from '../support/api.ts';
import { eventually } from '../support/eventually.ts';

const hashOf = (key: string) => digest(key).toString('hex');

function scene(key: Partial<KnownKey> = {}) {
  let now = Date.parse('2027-03-31T12:00:00Z');
  const secret = newKey();
  const kept = new Map<string, KnownKey>([
    [
      hashOf(secret),
      {
        id: 'id',
        project: 'team-a',
        role: 'user',
        created_at: 0,
        expires_at: null,
        lastUsed: undefined,
        ...key,
      },
    ],
  ]);
  const asked: string[] = [];
  const uses: string[] = [];
  const failures: unknown[] = [];
  const storage = {
    away: false,
    async get(hash: string) {
      asked.push(hash);
      if (storage.away) throw new Error('storage is away');
      return kept.get(hash);
    },
    async used(hash: string, day: string) {
      if (storage.away) throw new Error('storage is away');
      uses.push(`${hash} ${day}`);
    },
  };
  const keys = storedKeys(
    storage,
    () => now,
    (error) => failures.push(error),
  );
  const pass = (ms: number) => {
    now += ms;
  };
  return { secret, kept, storage, keys, asked, uses, failures, pass, now: () => now };
}

describe('keys in storage', { concurrency: true }, () => {
  it('are read once a minute, however often they are used, and their use is noted once a day', async () => {
    const { keys, secret, asked, uses, pass } = scene();
    for (let i = 0; i < 5; i++) assert.equal((await keys.find(secret))?.project, 'team-a');
    assert.equal(asked.length, 1);
    pass(KNOWN_MS);
    await keys.find(secret);
    assert.equal(asked.length, 2);
    assert.deepEqual(uses, [`${hashOf(secret)} 2027-03-31`]);
    pass(DAY);
    await keys.find(secret);
    assert.equal(uses.length, 2);
  });

  it('are refused a minute after they were removed, and from their end on', async () => {
    const { keys, secret, kept, pass } = scene();
    await keys.find(secret);
    kept.clear();
    pass(KNOWN_MS);
    assert.equal(await keys.find(secret), undefined);
    const ending = scene({ expires_at: Date.parse('2027-03-31T12:00:30Z') / 1000 });
    assert.ok(await ending.keys.find(ending.secret));
    ending.pass(30_000);
    assert.equal(await ending.keys.find(ending.secret), undefined);
  });

  it('are not looked for when they cannot be one, and the unknown ones not again and again', async () => {
    const { keys, asked } = scene();
    for (const other of ['', 'KEY', 'hgk-', `${newKey()}x`, 'sk-abc'])
      assert.equal(await keys.find(other), undefined);
    assert.equal(asked.length, 0);
    const unknown = newKey();
    await keys.find(unknown);
    await keys.find(unknown);
    assert.equal(asked.length, 1);
  });

  it('that storage could not tell of are asked for again, and a use that could not be noted stops nobody', async () => {
    const { keys, secret, storage, pass, failures } = scene();
    storage.away = true;
    await assert.rejects(keys.find(secret), /away/);
    storage.away = false;
    assert.ok(await keys.find(secret));
    storage.away = true;
    pass(KNOWN_MS / 2);
    assert.ok(await keys.find(secret));
    pass(DAY);
    storage.away = false;
    storage.used = async () => {
      throw new Error('storage is away');
    };
    assert.ok(await keys.find(secret));
    await new Promise(setImmediate);
    assert.equal(failures.length, 1);
  });
});

const project = fileURLToPath(new URL('../..', import.meta.url));

async function key(args: readonly string[], environment: Record<string, string> = {}) {
  const child = spawn(process.execPath, ['local/key.ts', ...args], {
    cwd: project,
    env: { PATH: process.env.PATH, ...environment },
  });
  const exited = new Promise((resolve) => child.once('close', resolve));
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
  return { out, err, code, secret: /^key\s+(\S+)$/m.exec(out)?.[1] ?? '' };
}

describe('npm run key', { concurrency: true }, () => {
  it('prints a key and the entry that lets it in, which does not hold the key', async () => {
    const { out, secret } = await key(['new', 'team-a', '--role', 'reader', '--days', '30']);
    const entry = /^entry\s+(\S+)$/m.exec(out)?.[1] ?? '';
    assert.ok(secret.length > 40 && !entry.includes(secret.slice(4)));
    const ring = readApiKeys(entry);
    assert.deepEqual(
      [ring.find(secret, Date.now())?.project, ring.find(secret, Date.now())?.role],
      ['team-a', 'reader'],
    );
    assert.equal(ring.find(secret, Date.now() + 32 * DAY), undefined);
  });

  it('puts a key into storage, where it is good at once, listed with its use, and ended', async () => {
    await using api = await testApi();
    const { config, stores } = api.engine.services;
    const environment = {
      AzureWebJobsStorage: config.AzureWebJobsStorage ?? '',
      STORAGE_PREFIX: config.STORAGE_PREFIX,
    };
    const { secret } = await key(['new', 'team-z', '--store'], environment);
    await api.client(secret).beta.assistants.create({ model: 'scripted' });
    assert.equal((await api.client().beta.assistants.list()).data.length, 0);
    await eventually('the note of its use', async () => (await stores.callerKeys.list())[0]?.lastUsed);
    const { out } = await key(['list'], environment);
    const [, id = ''] = /^(\w+) {2}team-z\/user {2}no end {2}last used \d{4}-\d\d-\d\d$/m.exec(out) ?? [];
    assert.ok(!out.includes(secret.slice(4)));
    assert.match((await key(['end', id], environment)).out, /refused by all instances within a minute/);
    assert.deepEqual(await stores.callerKeys.list(), []);
    assert.equal((await key(['end', id], environment)).code, 2);
  });

  it('says what is wrong', async () => {
    for (const [args, words] of [
      [['new', 'team a'], /not the name of a project/],
      [['new', 'a', '--role', 'owner'], /not a role/],
      [['new', 'a', '--days', '0'], /whole number/],
      [['new', 'a', '--store'], /Name the storage/],
      [[], /npm run key -- new PROJECT/],
      [['--strange'], /Unknown option/],
    ] as const) {
      const { code, err } = await key(args);
      assert.equal(code, 2);
      assert.match(err, words);
    }
  });
});
