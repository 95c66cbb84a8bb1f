import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';

import { LIST, PythonScene, python } from './python-scene.ts';

/** Which files the code and the model of a run have, when files come, change owners and go. */
describe('files in /mnt/data over several runs', () => {
  let scene: PythonScene;
  before(async () => {
    scene = await PythonScene.start();
  });
  beforeEach(() => scene.api.engine.model.reset());
  after(() => scene[Symbol.asyncDispose]());

  const WRITE = python('open("/mnt/data/report.csv", "w").write("a,b\\n")');
  const LINK = { text: 'Here: sandbox:/mnt/data/report.csv' };

  it('a file that code wrote, deleted and written again, is another file with the same content', async () => {
    const [thread, writer] = [await scene.aThread(), await scene.assistant()];
    const first = await scene.play(thread, writer, WRITE, LINK);
    const again = await scene.play(thread, writer, WRITE, LINK);
    assert.deepEqual(again.links, first.links, 'the same content is the same file');
    await scene.client.files.delete(first.links[0] ?? '');
    const { told, links } = await scene.play(thread, writer, WRITE, LINK);
    assert.doesNotMatch(told, /report\.csv/);
    assert.notEqual(links[0], first.links[0]);
    assert.equal(await scene.textOf(links[0]), 'a,b\n');
  });

  it('also when it is deleted in the middle of the run that writes it again', async () => {
    const [thread, writer] = [await scene.aThread(), await scene.assistant()];
    const [id = ''] = (await scene.play(thread, writer, WRITE, LINK)).links;
    const { links } = await scene.play(
      thread,
      writer,
      LIST,
      async () => {
        await scene.client.files.delete(id);
        return WRITE;
      },
      LINK,
    );
    assert.notEqual(links[0], id);
    assert.equal(await scene.textOf(links[0]), 'a,b\n');
  });

  it('a file that code wrote stays one file of its own, however often an answer links to it', async () => {
    const [thread, writer] = [await scene.aThread(), await scene.assistant()];
    await scene.play(thread, writer, WRITE, LINK);
    await scene.play(thread, writer, LIST, LINK);
    await scene.loseSession(thread);
    const { told, printed } = await scene.play(thread, writer, LIST, LINK);
    assert.match(told, /Files written by earlier code, in \/mnt\/data: "report\.csv"\./);
    assert.doesNotMatch(told, /uploaded/);
    assert.equal(printed, "['report.csv']\n");
  });

  it('one that was deleted is no longer told of, linked to, or put into a new session', async () => {
    const [thread, writer] = [await scene.aThread(), await scene.assistant()];
    const keep = python('open("/mnt/data/kept.csv", "w").write("x")');
    const [id = ''] = (await scene.play(thread, writer, WRITE, keep, LINK)).links;
    await scene.client.files.delete(id);
    await scene.loseSession(thread);
    const { told, printed, links } = await scene.play(thread, writer, LIST, LINK);
    assert.match(told, /Files written by earlier code, in \/mnt\/data: "kept\.csv"\./);
    assert.doesNotMatch(told, /report\.csv/);
    assert.equal(printed, "['kept.csv']\n");
    assert.deepEqual(links, []);
  });

  it("another assistant of the thread is not told of an assistant's files, nor has them in a new session", async () => {
    const secret = await scene.upload('secret.csv');
    const [thread, owner, other] = [
      await scene.aThread(),
      await scene.assistant([secret]),
      await scene.assistant(),
    ];
    assert.match((await scene.play(thread, owner, LIST, LINK)).told, /secret\.csv/);
    await scene.loseSession(thread);
    const { told, printed } = await scene.play(thread, other, LIST, LINK);
    assert.doesNotMatch(told, /secret\.csv/);
    assert.equal(printed, '[]\n');
    assert.equal((await scene.play(thread, owner, LIST, LINK)).printed, "['secret.csv']\n");
  });

  it('a file taken from its assistant, or deleted, is no longer told of', async () => {
    const [taken, deleted] = [await scene.upload('taken.csv'), await scene.upload('deleted.csv')];
    const [thread, owner] = [await scene.aThread(), await scene.assistant([taken, deleted])];
    assert.match((await scene.play(thread, owner, LIST, LINK)).told, /taken\.csv", "deleted\.csv/);
    const code_interpreter = { file_ids: [deleted] };
    await scene.client.beta.assistants.update(owner, { tool_resources: { code_interpreter } });
    await scene.client.files.delete(deleted);
    await scene.loseSession(thread);
    const { told, printed } = await scene.play(thread, owner, LIST, LINK);
    assert.doesNotMatch(told, /taken|deleted/);
    assert.equal(printed, '[]\n');
  });

  it('a new file never takes the name under which a live session still has a deleted one', async () => {
    const [thread, owner] = [
      await scene.aThread(),
      await scene.assistant([await scene.upload('data.csv', 'old data')]),
    ];
    const [report = ''] = (await scene.play(thread, owner, WRITE, LINK)).links;
    const file_ids = [
      await scene.upload('data.csv', 'new data'),
      await scene.upload('report.csv', 'new report'),
    ];
    await scene.client.files.delete(report);
    await scene.client.beta.assistants.update(owner, {
      tool_resources: { code_interpreter: { file_ids: [] } },
    });
    await scene.play(thread, owner, LIST, LINK);
    await scene.client.beta.assistants.update(owner, { tool_resources: { code_interpreter: { file_ids } } });
    const read = python(
      'for name in ["data (2).csv", "report (2).csv"]: print(open("/mnt/data/" + name).read())',
    );
    const { told, printed } = await scene.play(thread, owner, read, LINK);
    assert.match(told, /uploaded by the user, in \/mnt\/data: "data \(2\)\.csv", "report \(2\)\.csv"\./);
    assert.equal(printed, 'new data\nnew report\n');
  });

  it('an upload that code deleted or renamed does not come back, whatever else does', async () => {
    const [thread, owner] = [
      await scene.aThread(),
      await scene.assistant([await scene.upload('in.csv', 'x')]),
    ];
    const rename = python('import os; os.rename("/mnt/data/in.csv", "/mnt/data/__proto__")');
    await scene.play(thread, owner, rename, LIST, LINK);
    assert.equal((await scene.play(thread, owner, LIST, LINK)).printed, "['__proto__']\n");
    await scene.loseSession(thread);
    const { told, printed } = await scene.play(thread, owner, LIST, LINK);
    assert.equal(printed, "['__proto__']\n");
    assert.doesNotMatch(told, /in\.csv/);
  });

  it('a link to an upload leads to the upload, and when code changed that, to what code made of it', async () => {
    const upload = await scene.upload('in put.csv', 'x');
    const [thread, owner] = [await scene.aThread(), await scene.assistant([upload])];
    const link = { text: 'See [it](sandbox:/mnt/data/in%20put.csv).' };
    assert.deepEqual((await scene.play(thread, owner, LIST, link)).links, [upload]);
    const change = python('open("/mnt/data/in put.csv", "a").write("y")');
    const [changed, ...more] = (await scene.play(thread, owner, change, link)).links;
    assert.deepEqual(more, []);
    assert.notEqual(changed, upload);
    assert.equal(await scene.textOf(changed), 'xy');
    assert.equal(await scene.textOf(upload), 'x');
    const stranger = await scene.assistant();
    const other = await scene.assistant([await scene.upload('other.csv')]);
    await scene.play(thread, other, LIST, link);
    const foreign = { text: 'See [it](sandbox:/mnt/data/other.csv).' };
    assert.deepEqual((await scene.play(thread, stranger, LIST, foreign)).links, []);
  });

  it('the model is told which upload is which, and what those are that are not what they are called', async () => {
    const [one, two, plain] = [
      await scene.upload('two.csv', 'a\n'),
      await scene.upload('two.csv', 'b\n'),
      await scene.upload('plain.csv', 'ä\n'.repeat(3000)),
    ];
    const odd = [
      ['table.xls', '<html><table><tr><td>1</td></tr></table></html>', 'an HTML page'],
      ['bänke.csv', Buffer.from('Name;Zahl\nMünchen;1\n', 'latin1'), 'text in another encoding than UTF-8'],
      ['scan.pdf', Buffer.from('\x89PNG\r\n', 'latin1'), 'a PNG picture'],
      [
        'sheet.csv',
        Buffer.from('PK\x03\x04\x14\0[Content_Types].xml', 'latin1'),
        'a document of a newer Office',
      ],
      ['wide.txt', Buffer.from('\ufeffabc', 'utf16le'), 'text in UTF-16'],
      ['nothing.json', '\n', 'empty'],
    ] as const;
    const ids: string[] = [];
    for (const [name, content] of odd) ids.push(await scene.upload(name, content));
    const [thread, owner] = [await scene.aThread(), await scene.assistant([one, two, plain, ...ids])];
    const first = await scene.play(thread, owner, LIST, { text: 'ok' });
    assert.ok(
      first.told.includes(
        `Which upload is which: "two.csv" is "two.csv" (${one}), "two (2).csv" is "two.csv" (${two}).`,
      ),
      first.told,
    );
    for (const [name, , what] of odd) {
      assert.ok(
        first.told.includes(`${JSON.stringify(name)} is not what its name says: it is ${what}`),
        name,
      );
    }
    assert.equal(first.told.match(/is not what its name says/g)?.length, odd.length, first.told);
    assert.equal((await scene.play(thread, owner, LIST, { text: 'ok' })).told, first.told);
    // Once code has made it what it should be, it is no surprise any more.
    const mend = python('open("/mnt/data/nothing.json", "w").write("{}")');
    await scene.play(thread, owner, mend, { text: 'ok' });
    assert.doesNotMatch(
      (await scene.play(thread, owner, LIST, { text: 'ok' })).told,
      /nothing\.json" is not/,
    );
  });
});
