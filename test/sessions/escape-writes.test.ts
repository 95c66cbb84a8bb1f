/** Code that wants to write where it may not, also through the hands of the agent. */
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { after, before, describe, test } from 'node:test';

import { SessionError } from '../../shared/sessions/session.ts';
import { Arena, assertAllFailed, attempts, outcomesOf, separateUsers } from '../support/attack.ts';
import { run } from '../support/sessions.ts';

let arena: Arena;
before(async () => {
  arena = await Arena.open();
});
after(() => arena[Symbol.asyncDispose]());

describe('what there is to write', () => {
  test('is the data folder and bounded scratch space', async () => {
    const write = (path: string) => `open(${JSON.stringify(path)}, "w").write("x")`;
    const targets = Object.fromEntries(
      [
        '/x',
        '/etc/x',
        '/etc/ld.so.preload',
        '/usr/x',
        '/usr/bin/python3',
        '/bin/sh',
        '/opt/hourglass/agent/app.py',
        '/opt/x',
        '/mnt/x',
        '/mnt/configmap/session/token',
        '/run/x',
        ...(separateUsers ? ['/run/hourglass/x'] : []),
        '/dev/x',
        '/proc/sys/kernel/hostname',
        '/proc/sys/vm/overcommit_memory',
        '/proc/sysrq-trigger',
        ...(separateUsers ? ['/proc/1/oom_score_adj'] : []),
      ].map((path) => [path, write(path)]),
    );
    assertAllFailed(await arena.attack(attempts(targets)), targets);
    const outcome = await arena.attack(
      attempts({ data: write('/mnt/data/x'), scratch: write('/tmp/x'), removal: 'os.remove("/mnt/data/x")' }),
    );
    assert.deepEqual(outcomesOf(outcome), { data: '1', scratch: '1', removal: 'None' });
  });

  test('leads nowhere through links', async () => {
    const session = await arena.attacker();
    const outcome = await run(
      session,
      `
import os
os.mkdir("/tmp/elsewhere")
os.symlink("/etc/ld.so.cache", "link-to-file")
os.symlink("/tmp/elsewhere", "link-to-folder")
os.symlink("/proc/self/environ", "link-to-proc")
os.mkfifo("pipe")
for source in ("/etc/ld.so.cache", "/usr/bin/env", "/opt/hourglass/agent/app.py"):
    try: os.link(source, "hard"); print("linked", source)
    except OSError as error: print(type(error).__name__)
open("honest.txt", "w").write("honest")
os.link("honest.txt", "second-name.txt")
`,
    );
    assert.equal(outcome.logs.includes('linked'), false, outcome.logs);
    const paths = outcome.done.files.map(({ path }) => path).sort();
    assert.deepEqual(paths, ['honest.txt', 'second-name.txt'], 'only regular files are told');
    const refused = (error: unknown) => error instanceof SessionError && error.code === 'rejected';
    for (const path of ['link-to-file', 'link-to-proc', 'pipe', 'link-to-folder/x', '.']) {
      await assert.rejects(session.getFile({ path, bytes: 1, mtime: '1' }), refused, path);
    }
    const put = (path: string) => session.putFile(path, Readable.from([Buffer.from('new')]), 3);
    await assert.rejects(put('link-to-folder/x'), refused);
    await put('link-to-file');
    const after = await run(
      session,
      'print(os.path.islink("link-to-file"), open("link-to-file").read(), os.listdir("/tmp/elsewhere"))',
    );
    assert.equal(after.logs, 'False new []\n', 'the link was replaced, not followed');
    await run(session, 'import shutil\nfor n in os.listdir("."): os.remove(n)');
  });

  test('is not exchanged under the agent’s hands', async () => {
    const session = await arena.attacker();
    await run(session, 'open("file", "w").write("0123456789"); os.mkdir("folder")');
    // A thread goes on after the call: it changes the file into a link and back while it is being fetched.
    await run(
      session,
      `
import threading
over = threading.Event()
def flip():
    while not over.is_set():
        os.replace("file", "kept"); os.symlink("/etc/ld.so.cache", "file")
        os.remove("file"); os.replace("kept", "file")
threading.Thread(target=flip, daemon=True).start()
`,
    );
    for (let tried = 0; tried < 50; tried++) {
      try {
        const content = await session.getFile({ path: 'file', bytes: 10, mtime: '1' });
        const chunks: Buffer[] = [];
        for await (const chunk of content) chunks.push(chunk as Buffer);
        assert.equal(Buffer.concat(chunks).toString(), '0123456789');
      } catch (error) {
        assert.ok(error instanceof SessionError && error.code === 'rejected', String(error));
      }
    }
    await run(session, 'over.set(); os.rmdir("folder")');
  });
});
