/** A sandbox can be ended at any moment of its start, and nothing of it stays. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { startTestEmulator } from '../support/sessions.ts';

const AT_MOST_MS = 10_000;

test('a sandbox that is ended while it starts is gone at once, whichever moment that is', async () => {
  // Bubblewrap makes its own child in the first milliseconds; one that had lost it by then waited for ever, and
  // held the pipe of the sandbox's errors open, so that the end of the sandbox never came.
  for (let ms = 0; ms <= 40; ms += 1) {
    const emulator = await startTestEmulator({ warm: 1 });
    await delay(ms);
    const stopped = emulator.stop().then(() => true);
    const late = delay(AT_MOST_MS, false, { ref: false });
    assert.ok(await Promise.race([stopped, late]), `ended ${ms} ms after its start`);
  }
});
