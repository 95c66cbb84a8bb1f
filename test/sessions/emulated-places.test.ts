import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import type { ArmEmulator } from '../../local/arm/emulator.ts';
import { HOUR } from '../../shared/clock.ts';
import { armContainerGroups } from '../../shared/sessions/arm-container-groups.ts';
import { placesOf } from '../../shared/sessions/places.ts';
import { removeEnded } from '../../shared/sessions/session-ends.ts';
import { armSettings, run, startTestEmulator, testSessions } from '../support/sessions.ts';

const never = new AbortController().signal;

/** The whole way: the SDK, an emulated Resource Manager that plays three places, sandboxes with the real agent. */
describe('sessions over several emulated places', () => {
  let emulator: ArmEmulator;
  before(async () => {
    emulator = await startTestEmulator({ warm: 1 });
  });
  after(() => emulator.stop());

  const placesWith = (weights: Record<string, number>) =>
    Object.entries(weights).map(([name, weight]) => ({
      name,
      weight,
      groups: armContainerGroups(armSettings(emulator.url, { resourceGroup: `rg-${name}`, location: name })),
    }));

  test('go on to the next place when one is full or down, stay where they are, and end everywhere', async () => {
    emulator.limitPlace('rg-home', { groups: 1 });
    emulator.limitPlace('rg-down', { down: true });
    const places = placesWith({ home: 1_000_000, down: 1_000, west: 0.001 });
    const clock = { time: Date.now(), now: () => clock.time };
    const world = testSessions({ groups: placesOf(places, { clock }), places, clock });
    const placeOf = (thread: string) => emulator.placeOf(world.store.rows.get(thread)?.record.group ?? '');

    const first = await world.sessions.acquire('thread_1', never);
    assert.deepEqual([first.place, placeOf('thread_1')], ['home', 'rg-home']);
    const second = await world.sessions.acquire('thread_2', never);
    assert.deepEqual(
      [second.place, placeOf('thread_2')],
      ['west', 'rg-west'],
      'home is full, and one is down',
    );
    for (const { session } of [first, second]) assert.equal((await run(session, '6 * 7')).logs, '42');

    const before = emulator.requests.length;
    assert.equal((await world.sessions.acquire('thread_2', never)).place, 'west');
    assert.equal(emulator.requests.length, before, 'a session that lives asks no place');

    emulator.limitPlace('rg-down', {});
    clock.time += HOUR + 300_000;
    const { queue, marks } = world;
    await removeEnded(0, { groups: placesOf(places, { clock }), queue, marks, clock });
    assert.equal(emulator.groups.size, 0);
  });

  test('know groups of their own resource group alone', async () => {
    const [home, west] = placesWith({ home: 1, west: 1 });
    emulator.limitPlace('rg-home', {});
    const request = { threadId: 'thread_3', token: 'a-token', deadline: Date.now() + HOUR };
    await home?.groups.create({ ...request, name: 'hg-here' }, never);
    assert.equal(await west?.groups.get('hg-here'), undefined);
    await west?.groups.delete('hg-here');
    assert.ok(await home?.groups.get('hg-here'));
    await home?.groups.delete('hg-here');
  });
});
