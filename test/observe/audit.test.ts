import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AuditEntry, createAudit } from '../../shared/callers/audit.ts';
import type { Log, LogFields } from '../../shared/log.ts';
import { testApi } from '../support/api.ts';

const entry = (time: string, operation = 'getThread'): AuditEntry => ({
  time,
  requestId: 'req_1',
  project: 'team-a',
  caller: 'abc',
  role: 'user',
  operation,
  objects: ['thread_1'],
  status: 200,
});

const quiet: Log = { info: () => {}, warn: () => {}, error: () => {} };

async function blobsOf(api: Awaited<ReturnType<typeof testApi>>) {
  const container = api.engine.services.account.container('audit');
  const found: { name: string; entries: AuditEntry[] }[] = [];
  for await (const { name } of container.listBlobsFlat()) {
    const text = (await container.getBlobClient(name).downloadToBuffer()).toString();
    found.push({
      name,
      entries: text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as AuditEntry),
    });
  }
  return found;
}

describe('the audit', { concurrency: true }, () => {
  it('tells of each request who asked for what, and what came of it, but nothing of contents', async () => {
    await using api = await testApi({ AUDIT: 'blob' });
    const client = api.client();
    const assistant = await client.beta.assistants.create({ model: 'scripted', name: 'a secret name' });
    const thread = await client.beta.threads.create({ messages: [{ role: 'user', content: 'a secret' }] });
    await client.beta.threads.delete(thread.id);
    await assert.rejects(client.beta.threads.retrieve(thread.id), { status: 404 });
    await assert.rejects(client.beta.assistants.create({ model: 7 as never }), { status: 400 });
    await assert.rejects(api.client('WRONG').beta.assistants.list(), { status: 401 });
    await api.engine.services.audit.flush();
    const [blob, ...others] = await blobsOf(api);
    assert.deepEqual(others, []);
    assert.match(blob?.name ?? '', /^\d{4}\/\d\d\/\d\d\/\d\d-[0-9a-f-]{36}\.jsonl$/);
    const told = blob!.entries.map(({ operation, objects, status }) => [operation, objects.join(), status]);
    assert.deepEqual(told, [
      ['createAssistant', assistant.id, 200],
      ['createThread', thread.id, 200],
      ['deleteThread', thread.id, 200],
      ['getThread', '', 404],
      ['createAssistant', '', 400],
    ]);
    for (const { project, caller, role, requestId } of blob!.entries) {
      assert.deepEqual([project, role], ['team-a', 'user']);
      assert.match(caller, /^[0-9a-f]{16}$/);
      assert.match(requestId, /^req_/);
    }
    assert.ok(!JSON.stringify(blob).includes('secret'));
  });

  it('has a blob for each hour', async () => {
    await using api = await testApi();
    const audit = createAudit('blob', quiet, () => api.engine.services.account.container('audit'));
    for (const time of ['2027-03-31T23:59:59.900Z', '2027-03-31T23:59:59.999Z', '2027-04-01T00:00:00.000Z'])
      audit.record(entry(time));
    await audit.flush();
    const blobs = await blobsOf(api);
    assert.deepEqual(
      blobs.map(({ name, entries }) => [name.slice(0, 13), entries.length]),
      [
        ['2027/03/31/23', 2],
        ['2027/04/01/00', 1],
      ],
    );
  });

  it('keeps what storage would not take for the next time, in its order', async () => {
    await using api = await testApi();
    const real = api.engine.services.account.container('audit');
    let away = true;
    const failures: (LogFields | undefined)[] = [];
    const container = {
      getAppendBlobClient(name: string) {
        const blob = real.getAppendBlobClient(name);
        const createIfNotExists = async () => {
          if (away) throw new Error('storage is away');
          return blob.createIfNotExists();
        };
        return { createIfNotExists, appendBlock: blob.appendBlock.bind(blob) };
      },
    };
    const log: Log = { ...quiet, error: (_message, fields) => void failures.push(fields) };
    const audit = createAudit('blob', log, () => container as unknown as typeof real);
    audit.record(entry('2027-03-31T14:00:00.000Z', 'first'));
    await audit.flush();
    away = false;
    audit.record(entry('2027-03-31T14:00:01.000Z', 'second'));
    await audit.flush();
    assert.equal(failures.length, 1);
    const [blob] = await blobsOf(api);
    assert.deepEqual(
      blob?.entries.map(({ operation }) => operation),
      ['first', 'second'],
    );
  });

  it('is a line of the log with a category of its own, or nothing', () => {
    const lines: (LogFields | undefined)[] = [];
    const log: Log = { ...quiet, info: (_message, fields) => void lines.push(fields) };
    const nowhere = () => assert.fail('no container is asked for');
    createAudit('off', log, nowhere).record(entry('2027-03-31T14:00:00.000Z'));
    createAudit('log', log, nowhere).record(entry('2027-03-31T14:00:00.000Z'));
    assert.equal(lines.length, 1);
    assert.deepEqual([lines[0]?.category, lines[0]?.objects], ['audit', 'thread_1']);
  });
});
