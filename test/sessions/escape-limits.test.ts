/** Code that uses up what it is given: contained, said readably, and nobody else notices. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { MEBIBYTE } from '../../local/arm/bubblewrap.ts';
import { Arena, attempts, forkBomb, outcomesOf } from '../support/attack.ts';
import { run } from '../support/sessions.ts';

let arena: Arena;
before(async () => {
  arena = await Arena.open({
    processes: 64,
    memoryBytes: 1024 * MEBIBYTE,
    dataBytes: 64 * MEBIBYTE,
    scratchBytes: 32 * MEBIBYTE,
  });
});
after(() => arena[Symbol.asyncDispose]());

describe('processes', () => {
  test('a fork bomb is stopped by their number', async () => {
    const { logs } = await arena.attack(forkBomb);
    assert.equal(logs, 'Resource temporarily unavailable True\n');
  });

  test('a fork bomb that goes off in every child ends with its kernel', async () => {
    const { done, logs } = await arena.attack(
      `
import os
while True:
    try: os.fork()
    except OSError: pass
`,
      { timeoutMs: 1000, leavesRunning: true },
    );
    assert.ok(['timeout', 'kernel_died', 'error'].includes(done.status), `${done.status} ${logs}`);
  });

  test('a bomb of shells too', async () => {
    const { done } = await arena.attack(
      'import subprocess\nsubprocess.run(["sh", "-c", "b() { b | b & }; b; sleep 1"], stderr=subprocess.DEVNULL)\nprint("over")',
      { timeoutMs: 5000, leavesRunning: true },
    );
    assert.ok(['ok', 'timeout', 'kernel_died', 'error'].includes(done.status));
  });

  test('threads count like processes', async () => {
    const { logs } = await arena.attack(
      `
import threading
over = threading.Event()
try:
    for n in range(1000): threading.Thread(target=over.wait).start()
except RuntimeError as error: print(error, n < 64)
over.set()
`,
    );
    assert.equal(logs, "can't start new thread True\n");
  });
});

describe('memory', () => {
  test('of one process ends in a MemoryError, and its variables live', async () => {
    await run(await arena.attacker(), 'kept = 1');
    const { logs, done } = await arena.attack('x = bytearray(8 << 30)');
    assert.match(logs, /MemoryError/);
    assert.equal(done.status, 'error');
    assert.equal((await run(await arena.attacker(), 'kept')).logs, '1');
  });

  const bombs: Record<string, string> = {
    'of many processes': `
import os, time
for n in range(8):
    if os.fork() == 0:
        hoard = [bytearray(b"x" * (1 << 20)) for _ in range(300)]
        time.sleep(60)
time.sleep(60)
`,
    'that is shared': `
import mmap, time
hoard = mmap.mmap(-1, 1536 << 20)
for offset in range(0, len(hoard), 4096): hoard[offset] = 1
time.sleep(60)
`,
  };
  for (const [name, bomb] of Object.entries(bombs)) {
    test(`${name} ends the kernel, which is told`, async () => {
      const { restarted, done } = await arena.attack(bomb, { timeoutMs: 30_000 });
      assert.deepEqual([done.status, restarted], ['kernel_died', 'out_of_memory']);
    });
  }

  test('in scratch space ends where that ends', async () => {
    const fill = (path: string) =>
      `(lambda f: [f.write(bytes(1 << 20)) and f.flush() for _ in range(256)])(open("${path}", "wb"))`;
    const outcome = await arena.attack(attempts({ tmp: fill('/tmp/big'), shm: fill('/dev/shm/big') }));
    assert.deepEqual(outcomesOf(outcome), { tmp: 'OSError 28', shm: 'OSError 28' });
    await run(await arena.attacker(), 'import os; os.remove("/tmp/big"); os.remove("/dev/shm/big")');
  });
});

describe('disk', () => {
  const clean = async () => run(await arena.attacker(), 'import os\nfor n in os.listdir("."): os.remove(n)');

  test('in one file ends at the limit of a file', async () => {
    const { logs } = await arena.attack(
      'with open("big", "wb") as f:\n    while True: f.write(bytes(1 << 20))',
    );
    assert.match(logs, /OSError: \[Errno 27\] File too large|DiskFull/);
    await clean();
  });

  test('in many files ends at the limit of the folder', async () => {
    const { logs, done } = await arena.attack(
      `
import itertools
for n in itertools.count():
    with open(f"{n}.bin", "wb") as f: f.write(bytes(4 << 20))
`,
    );
    assert.match(logs, /DiskFull: .*may hold 67108864 bytes/);
    assert.equal(done.status, 'error');
    await clean();
  });

  test('of code that will not stop ends with its kernel', async () => {
    const { done } = await arena.attack(
      `
import itertools, signal
signal.signal(signal.SIGINT, signal.SIG_IGN)
for n in itertools.count():
    with open(f"{n % 1000}.bin", "wb") as f: f.write(bytes(1 << 20))
`,
      { timeoutMs: 30_000 },
    );
    assert.ok(['error', 'kernel_died'].includes(done.status), done.status);
    await clean();
  });

  test('that is only promised does not count', async () => {
    const { done } = await arena.attack('with open("sparse", "wb") as f: f.truncate(60 << 20)');
    assert.deepEqual(
      done.files.map(({ path, bytes }) => [path, bytes]),
      [['sparse', 60 << 20]],
    );
    await clean();
  });
});

describe('the rest', () => {
  test('open files end at their number', async () => {
    const { logs } = await arena.attack(
      'hoard = []\ntry:\n    while True: hoard.append(open("/dev/null"))\nexcept OSError as error: print(error.strerror, len(hoard) < 1024)\ndel hoard',
    );
    assert.equal(logs, 'Too many open files True\n');
  });

  test('a gigabyte of output is cut with a note', async () => {
    const { logs, done } = await arena.attack('line = "x" * (1 << 20)\nfor _ in range(1024): print(line)\n', {
      timeoutMs: 60_000,
    });
    assert.match(logs, /\n\[output cut at 1048576 bytes\]\n$/);
    assert.ok(logs.length < 1.1 * MEBIBYTE);
    assert.equal(done.status, 'ok');
  });

  test('a loop that ignores interrupts ends with its kernel', async () => {
    const { done, restarted } = await arena.attack(
      'import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass',
      { timeoutMs: 500 },
    );
    assert.deepEqual([done.status, restarted], ['timeout', 'timeout']);
  });

  test('a loop that does not ends with an interrupt, and its variables live', async () => {
    await run(await arena.attacker(), 'kept = 2');
    const { done, logs } = await arena.attack('while True: pass', { timeoutMs: 500 });
    assert.equal(done.status, 'timeout');
    assert.match(logs, /KeyboardInterrupt/);
    assert.equal((await run(await arena.attacker(), 'kept')).logs, '2');
  });
});
