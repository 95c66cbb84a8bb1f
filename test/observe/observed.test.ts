import assert from 'node:assert/strict';
import { test } from 'node:test';

import { systemClock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import { observeSessions } from '../../shared/observe/observed.ts';
import type { Telemetry } from '../../shared/observe/telemetry.ts';
import { SessionError } from '../../shared/sessions/session.ts';

/** What is told of an acquisition that ends with this error: outcomes that were counted, lines that were written. */
async function toldOf(error: Error, signal = new AbortController().signal) {
  const told: string[] = [];
  const note = (message: string) => told.push(message);
  const log: Log = { info: note, warn: note, error: note };
  const telemetry = {
    sessionStarted: (outcome: string) => note(outcome),
    span: (_name: string, _attributes: object, work: () => Promise<unknown>) => work(),
  } as unknown as Telemetry;
  const sessions = { acquire: () => Promise.reject(error), remove: () => Promise.resolve() };
  const observed = observeSessions(sessions, telemetry, { clock: systemClock, log, ttlMs: 1000 });
  await assert.rejects(observed.acquire('thread_1', signal), error);
  return told;
}

test('a session that cannot be had is counted and told', async () => {
  const told = await toldOf(new SessionError('unavailable', 'No room'));
  assert.deepEqual(told, ['failed', 'no Python session could be had']);
});

test('one that nobody wants any more is neither: its thread was deleted, or its run stopped', async () => {
  assert.deepEqual(await toldOf(new SessionError('lost', 'The thread was deleted')), []);
  assert.deepEqual(await toldOf(new Error('Stopped'), AbortSignal.abort()), []);
});
