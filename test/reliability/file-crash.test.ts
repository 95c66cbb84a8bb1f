import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import OpenAI, { toFile } from 'openai';

import type { HostProcess } from '../../local/host-process.ts';
import { emulatedSessions } from '../../local/settings.ts';
import { doChore } from '../../shared/chores/do-chore.ts';
import { HOUR } from '../../shared/clock.ts';
import { readConfig } from '../../shared/config.ts';
import { type CrashPoint, fileCrashPoints } from '../../shared/crash-points.ts';
import type { ChoreMessage } from '../../shared/queue/chore-queue.ts';
import { createServices, type Services } from '../../shared/services.ts';
import { testStorage } from '../support/azurite.ts';
import { quietLog } from '../support/engine.ts';
import { startHost } from '../support/host.ts';

/**
 * A real host process that dies as by `kill -9` in the middle of uploads and deletions, and another one after it:
 * what was acknowledged is there, nothing is half there, and what is left of the rest goes with the message that
 * waits for that. The message's time (up to 70 minutes) is not waited for: it is handled as it would be then.
 */
const PROJECT = 'team';
const CONTENT = 'a,b\n1,2\n';

describe('a host that dies with a file in its hands', () => {
  let environment: Record<string, string>;
  let services: Services;
  let survivor: HostProcess;
  let client: OpenAI;
  const dying: HostProcess[] = [];
  before(async () => {
    const { connectionString, prefix } = await testStorage();
    environment = {
      PATH: process.env.PATH ?? '',
      AzureWebJobsStorage: connectionString,
      STORAGE_PREFIX: `${prefix}fc`,
      API_KEYS: `${PROJECT}:KEY`,
      OPENAI_BASE_URL: 'http://127.0.0.1:1/v1',
      OPENAI_API_KEY: 'none',
      ...emulatedSessions('http://127.0.0.1:1'),
    };
    const clock = { now: () => Date.now() + 2 * HOUR };
    services = await createServices(readConfig(environment), { log: quietLog, clock });
    survivor = await startHost({ environment });
    client = new OpenAI({ baseURL: `${survivor.url}/v1`, apiKey: 'KEY', maxRetries: 0 });
  });
  after(() => Promise.all([survivor, ...dying].map((host) => host.kill())));

  const aFile = (name: string) => toFile(Buffer.from(CONTENT), name);
  const upload = (at: OpenAI, name: string) =>
    aFile(name).then((file) => at.files.create({ file, purpose: 'assistants' }));

  async function messagesWaiting(): Promise<number> {
    const { approximateMessagesCount } = await services.account.queue('chores').getProperties();
    return approximateMessagesCount ?? 0;
  }

  /** Names of all blobs of files, also of those that are only staged. */
  async function blobs(): Promise<string[]> {
    const names: string[] = [];
    const container = services.account.container('files');
    for await (const { name } of container.listBlobsFlat({ includeUncommitedBlobs: true })) {
      names.push(name.slice(name.indexOf('/') + 1));
    }
    return names;
  }

  async function files(name: string) {
    const all: OpenAI.FileObject[] = [];
    for await (const file of client.files.list()) if (file.filename === name) all.push(file);
    return all;
  }

  /** Lets a host die at a point of what it is asked to do. */
  async function dieAt(point: CrashPoint, ask: (at: OpenAI) => Promise<unknown>): Promise<void> {
    const host = await startHost({ environment: { ...environment, HOURGLASS_CRASH_AT: point } });
    dying.push(host);
    const at = new OpenAI({ baseURL: `${host.url}/v1`, apiKey: 'KEY', maxRetries: 0 });
    await assert.rejects(ask(at), OpenAI.APIConnectionError, `${point} was not reached`);
  }

  async function inParts(name: string) {
    const created = await client.uploads.create({
      bytes: CONTENT.length,
      filename: name,
      mime_type: 'text/csv',
      purpose: 'assistants',
    });
    const part = async (at: OpenAI) => at.uploads.parts.create(created.id, { data: await aFile(name) });
    const record = await services.stores.uploads.get(PROJECT, created.id);
    assert.ok(record);
    return { id: created.id, fileId: record.fileId, part };
  }

  /** The blobs and rows of a name, and that every file of it has its bytes. */
  async function assertWhole(name: string, expected: number): Promise<void> {
    const found = await files(name);
    assert.equal(found.length, expected, name);
    for (const { id } of found) {
      assert.equal(await (await client.files.content(id)).text(), CONTENT);
    }
  }

  const handle = (message: ChoreMessage) => doChore(services, message);

  it('is tried at every named point', () => {
    const tried = [...uploads, ...parts, 'cancel-after-mark', ...deletions];
    assert.deepEqual(tried.sort(), [...fileCrashPoints].sort());
  });

  const uploads: CrashPoint[] = ['upload-after-message', 'upload-after-bytes', 'upload-after-row'];
  const parts: CrashPoint[] = ['parts-mid-part', 'parts-after-join', 'parts-after-row'];
  const deletions: CrashPoint[] = ['deletion-after-message', 'deletion-after-mark', 'deletion-after-bytes'];

  // By itself: its messages and blobs are counted.
  describe('of an upload in one request', () => {
    it('leaves a message behind only where it died: what goes well takes its own back', async () => {
      const before = await messagesWaiting();
      const { id } = await upload(client, 'well');
      await client.files.delete(id);
      const { id: uploadId, part } = await inParts('well');
      const { id: part_id } = await part(client);
      await client.uploads.complete(uploadId, { part_ids: [part_id] });
      const cancelled = await inParts('well');
      await client.uploads.cancel(cancelled.id);
      assert.equal(await messagesWaiting(), before);
    });

    for (const point of uploads) {
      it(`${point}: the file is whole or there is none, and no bytes stay`, async () => {
        const kept = await upload(client, `kept-${point}`);
        const waiting = await messagesWaiting();
        const known = new Set(await blobs());
        await dieAt(point, (at) => upload(at, point));
        assert.ok((await messagesWaiting()) > 0, `${waiting} messages before`);
        const isWhole = point === 'upload-after-row';
        await assertWhole(point, isWhole ? 1 : 0);
        const [fileId] = (await blobs()).filter((name) => !known.has(name));
        if (fileId) {
          await handle({ type: 'check-file', project: PROJECT, fileId, wanted: true });
          assert.equal((await blobs()).includes(fileId), isWhole);
        } else assert.equal(point, 'upload-after-message');
        await assertWhole(point, isWhole ? 1 : 0);
        assert.equal(await (await client.files.content(kept.id)).text(), CONTENT);
      });
    }
  });

  describe('of an upload in parts, and of a deletion', { concurrency: 3 }, () => {
    for (const point of parts) {
      for (const again of point === 'parts-mid-part' ? [false] : [true, false]) {
        it(`${point}${again ? ', and asked again' : ''}: the upload becomes its file, or nothing`, async () => {
          const name = `${point}-${again}`;
          const { id, fileId, part } = await inParts(name);
          if (point === 'parts-mid-part') await dieAt(point, part);
          else {
            const { id: part_id } = await part(client);
            await dieAt(point, (at) => at.uploads.complete(id, { part_ids: [part_id] }));
            if (again) {
              // The claim of the dead process holds for a minute: as if that had passed.
              await services.stores.uploads.update(PROJECT, id, (record) => ({
                ...record,
                joining: undefined,
              }));
              const { file } = await client.uploads.complete(id, { part_ids: [part_id] });
              assert.equal(file?.id, fileId);
            }
          }
          await handle({ type: 'check-upload', project: PROJECT, uploadId: id });
          const isWhole = again || point === 'parts-after-row';
          await assertWhole(name, isWhole ? 1 : 0);
          assert.equal((await blobs()).includes(fileId), isWhole);
          const { object } = (await services.stores.uploads.get(PROJECT, id)) ?? {};
          assert.equal(object?.status, isWhole ? 'completed' : 'pending');
        });
      }
    }

    it('cancel-after-mark: nothing of a cancelled upload stays', async () => {
      const { id, fileId, part } = await inParts('cancelled');
      await part(client);
      await dieAt('cancel-after-mark', (at) => at.uploads.cancel(id));
      assert.ok((await blobs()).includes(fileId));
      await handle({ type: 'check-upload', project: PROJECT, uploadId: id });
      assert.ok(!(await blobs()).includes(fileId));
    });

    for (const point of deletions) {
      it(`${point}: the file is whole until it is gone, with its bytes`, async () => {
        const { id } = await upload(client, point);
        await dieAt(point, (at) => at.files.delete(id));
        await assertWhole(point, point === 'deletion-after-message' ? 1 : 0);
        // Whoever asks again is told that it is deleted; whoever does not is no reason for anything to stay.
        if (point === 'deletion-after-mark') assert.ok((await client.files.delete(id)).deleted);
        await handle({ type: 'check-file', project: PROJECT, fileId: id, wanted: false });
        await assertWhole(point, 0);
        assert.ok(!(await blobs()).includes(id));
      });
    }
  });
});
