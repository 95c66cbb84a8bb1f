import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';

import { LIST, PythonScene, python } from './python-scene.ts';

const MEBIBYTE = 2 ** 20;
const ANSWER = { text: 'ok' };

/** What the model is told where a call meets a limit; code still runs, if only to mend it. */
describe('limits of a call of Python', () => {
  let scene: PythonScene;
  before(async () => {
    scene = await PythonScene.start(
      { SESSION_CALL_TIMEOUT_SECONDS: '3', SESSION_MAX_SAVED_FILE_BYTES: String(MEBIBYTE) },
      { limits: { dataBytes: 20 * MEBIBYTE } },
    );
  });
  beforeEach(() => scene.api.engine.model.reset());
  after(() => scene[Symbol.asyncDispose]());

  it('an upload for which there is no room is named, and code runs and makes room', async () => {
    const big = Buffer.alloc(12 * MEBIBYTE);
    const inputs = [await scene.upload('a.bin', big), await scene.upload('b.bin', big)];
    const [thread, owner] = [await scene.aThread(), await scene.assistant(inputs)];
    const first = await scene.play(thread, owner, LIST, ANSWER);
    assert.equal(first.printed, "['a.bin']\n");
    assert.match(first.output, /\[\/mnt\/data\/b\.bin is not there: .*data folder/);
    const remove = python('import os; os.remove("/mnt/data/a.bin")');
    const then = await scene.play(thread, owner, remove, LIST, ANSWER);
    assert.equal(then.printed, "['b.bin']\n");
    assert.doesNotMatch(then.output, /is not there/);
  });

  it('an upload whose place became a folder disables nothing', async () => {
    const [thread, owner] = [await scene.aThread(), await scene.assistant([await scene.upload('data')])];
    const swap = python('import os; os.remove("/mnt/data/data")');
    const folder = python('import os; os.mkdir("/mnt/data/data"); print("made")');
    const { printed } = await scene.play(thread, owner, swap, folder, python('print("next")'), ANSWER);
    assert.equal(printed, 'made\nnext\n');
  });

  it('code that is stopped at the time limit is said to be, whatever it printed', async () => {
    const [thread, owner] = [await scene.aThread(), await scene.assistant()];
    const sleeps = python('import os\nx = 7\nprint("finished", os.system("sleep 60"))');
    const { output } = await scene.play(thread, owner, sleeps, ANSWER);
    assert.match(output, /\[The code was stopped at the time limit of 3 seconds\. Variables are kept\.\]$/);
    assert.equal((await scene.play(thread, owner, python('print(x)'), ANSWER)).printed, '7\n');
  });

  it('of files that take more than a call may keep, the rest is named', async () => {
    const [thread, owner] = [await scene.aThread(), await scene.assistant()];
    const sparse = python('for i in range(6): open(f"/mnt/data/s{i}", "wb").truncate(900 * 1024)');
    const { output } = await scene.play(thread, owner, sparse, ANSWER);
    const left = [...output.matchAll(/\/mnt\/data\/(s\d) is not kept after the session/g)].map(
      ([, name]) => name,
    );
    assert.deepEqual(left, ['s4', 's5']);
  });

  it('half a character in the code is replaced, not the session’s end', async () => {
    const [thread, owner] = [await scene.aThread(), await scene.assistant()];
    const { printed } = await scene.play(thread, owner, python('print("a\ud83d")'), ANSWER);
    assert.equal(printed, 'a\ufffd\n');
  });

  it('without network the error says so, and not that certificates are missing', async () => {
    const [thread, owner] = [await scene.aThread(), await scene.assistant()];
    const code = [
      'import glob, os, ssl, urllib.request',
      'bundle = "/etc/ssl/certs/ca-certificates.crt"',
      'print(os.path.exists(bundle) == bool(glob.glob("/usr/share/ca-certificates/mozilla/*")))',
      'if os.path.exists(bundle): ssl.create_default_context(cafile=bundle)',
      'urllib.request.urlopen("https://example.com")',
    ].join('\n');
    const { printed, output } = await scene.play(thread, owner, python(code), ANSWER);
    assert.match(printed, /^True\n/);
    assert.match(output, /\[There is no network in this session\./);
  });

  it('a link never leads to what was there before what could not be kept', async () => {
    const upload = await scene.upload('data.csv', 'old');
    const [thread, owner] = [await scene.aThread(), await scene.assistant([upload])];
    const link = { text: 'See sandbox:/mnt/data/data.csv' };
    const write = (bytes: number) => python(`open("/mnt/data/data.csv", "w").write("x" * ${bytes})`);
    assert.deepEqual((await scene.play(thread, owner, LIST, link)).links, [upload]);
    assert.deepEqual((await scene.play(thread, owner, write(2 * MEBIBYTE), link)).links, []);
    assert.deepEqual((await scene.play(thread, owner, LIST, link)).links, []);
    const { links } = await scene.play(thread, owner, write(3), link);
    assert.equal(await scene.textOf(links[0]), 'xxx');
  });
});
