import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { HOUR, MINUTE, SECOND } from '../../shared/clock.ts';
import { GroupError } from '../../shared/sessions/container-groups.ts';
import { type Place, placeOf, placesOf } from '../../shared/sessions/places.ts';
import { removeEnded } from '../../shared/sessions/session-ends.ts';
import { busy, MemoryGroups, unanswered } from '../support/memory-groups.ts';
import { MemoryEndMarks, MemoryRemovalQueue, MemorySessionStore } from '../support/session-store.ts';
import { testSessions } from '../support/sessions.ts';

const never = new AbortController().signal;

/** Several processes over the same places. */
class Region implements AsyncDisposable {
  readonly home = new MemoryGroups();
  readonly west = new MemoryGroups();
  readonly store = new MemorySessionStore();
  readonly queue = new MemoryRemovalQueue();
  readonly marks = new MemoryEndMarks();
  readonly clock = { time: Date.parse('2026-11-21T12:00:00Z'), now: () => this.clock.time };

  places(weights = { home: 1, west: 1 }): Place[] {
    return [
      { name: 'home', weight: weights.home, groups: this.home },
      { name: 'west', weight: weights.west, groups: this.west },
    ];
  }

  process(weights?: { home: number; west: number }, settings = {}) {
    const { home, store, queue, marks, clock } = this;
    return testSessions({
      ...{ groups: home, store, queue, marks, clock, settings },
      places: this.places(weights),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.home[Symbol.asyncDispose]();
    await this.west[Symbol.asyncDispose]();
  }
}

describe('places of sessions', () => {
  test('get new sessions by their weight; none of weight 0', () => {
    const groups = new MemoryGroups();
    const list = [
      { name: 'home', weight: 1, groups },
      { name: 'west', weight: 3, groups },
      { name: 'old', weight: 0, groups },
    ];
    let turn = 0;
    const places = placesOf(list, { clock: { now: () => 0 }, random: () => (turn++ % 100) / 100 });
    const chosen = Array.from({ length: 100 }, () => places.choose());
    assert.equal(chosen.filter((name) => name === 'home').length, 25);
    assert.equal(chosen.filter((name) => name === 'west').length, 75);
  });

  test('that refused are left alone for minutes, or for as long as they say; with all of them so, the first to be free', () => {
    const groups = new MemoryGroups();
    const clock = { time: 0, now: () => clock.time };
    const list = ['home', 'west'].map((name) => ({ name, weight: 1, groups }));
    const places = placesOf(list, { clock });
    places.refused('home', busy());
    assert.equal(places.haveRoomBeside('home'), true);
    for (let n = 0; n < 20; n += 1) assert.equal(places.choose(), 'west');
    places.refused('west', busy('haste', 5 * MINUTE));
    assert.equal(places.haveRoomBeside('home'), false);
    assert.equal(places.choose(), 'home');
    clock.time += 2 * MINUTE;
    assert.equal(places.haveRoomBeside('west'), true);
    assert.equal(places.haveRoomBeside('home'), false);
    clock.time += 3 * MINUTE;
    assert.equal(places.haveRoomBeside('home'), true);
  });

  test('a session stays where it is, also after its place takes no new ones', async () => {
    await using region = new Region();
    const first = await region.process({ home: 0, west: 1 }).sessions.acquire('thread_1', never);
    assert.equal(first.place, 'west');
    const again = await region.process({ home: 1, west: 0 }).sessions.acquire('thread_1', never);
    assert.deepEqual([again.created, again.place], [false, 'west']);
    const other = await region.process({ home: 1, west: 0 }).sessions.acquire('thread_2', never);
    assert.equal(other.place, 'home');
    assert.deepEqual([region.home.created.length, region.west.created.length], [1, 1]);
  });

  for (const [name, refuse] of Object.entries({
    quota: () => busy('container group quota exceeded'),
    'a right that is missing': () => new GroupError('refused', 'AuthorizationFailed'),
  })) {
    test(`one that refuses for ${name} is left for the next, within the same start`, async () => {
      await using region = new Region();
      region.home.onCreate = () => {
        throw refuse();
      };
      const { sessions } = region.process({ home: 1_000, west: 0.001 });
      const lease = await sessions.acquire('thread_1', never);
      assert.deepEqual([lease.place, lease.created, lease.replaced], ['west', true, false]);
      const before = region.home.deleted.length;
      await sessions.acquire('thread_2', never);
      assert.equal(region.home.deleted.length, before, 'it is not asked again for a while');
      assert.equal(region.queue.ends.length, 1);
    });
  }

  test('one whose groups fail, or do not come up in half of the time, is left for the next', async () => {
    for (const state of ['failed', 'creating'] as const) {
      await using region = new Region();
      region.home.onCreate = () => state;
      if (state === 'creating') region.home.silent = true;
      const { sessions } = region.process({ home: 1_000, west: 0.001 }, { startTimeoutMs: 3 * SECOND });
      const lease = await sessions.acquire('thread_1', never);
      assert.equal(lease.place, 'west', state);
      assert.equal(region.home.groups.size, 0, 'what was begun there is deleted');
    }
  });

  test('one that answers nothing at all costs its request’s time, and not the session', async () => {
    await using region = new Region();
    region.home.create = (_, signal) =>
      Promise.race([
        unanswered(signal),
        new Promise<never>((_resolve, reject) => setTimeout(() => reject(busy('no answer')), 50)),
      ]);
    const lease = await region.process({ home: 1_000, west: 0.001 }).sessions.acquire('thread_1', never);
    assert.equal(lease.place, 'west');
  });

  test('that all refuse are asked again with pauses until the time is up, and the reason is told', async () => {
    await using region = new Region();
    for (const place of [region.home, region.west])
      place.onCreate = () => {
        throw busy('container group quota exceeded');
      };
    const { sessions } = region.process(undefined, { startTimeoutMs: 1.5 * SECOND });
    await assert.rejects(sessions.acquire('thread_1', never), /No Python session can be had now.*quota/);
    assert.equal(region.home.groups.size + region.west.groups.size, 0);
  });

  test('are all swept at the end, though one of them cannot be listed', async () => {
    await using region = new Region();
    const process = region.process({ home: 1, west: 0 });
    await process.sessions.acquire('thread_1', never);
    await region.process({ home: 0, west: 1 }).sessions.acquire('thread_2', never);
    region.clock.time += HOUR + 5 * MINUTE;
    const { queue, marks, clock } = region;
    const groups = placesOf(region.places(), { clock });
    const { list } = region.home;
    region.home.list = async function* () {
      yield* [];
      throw busy('no answer');
    };
    await removeEnded(0, { groups, queue, marks, clock });
    assert.deepEqual([region.home.groups.size, region.west.groups.size], [1, 0]);
    assert.deepEqual(queue.ends.at(-1), { due: 0, delayMs: MINUTE }, 'and comes again for the other');
    region.home.list = list;
    await removeEnded(0, { groups, queue, marks, clock });
    assert.equal(region.home.groups.size, 0);
  });

  test('one that is taken out of the settings is forgotten: its session is replaced when it does not answer', async () => {
    await using region = new Region();
    await region.process({ home: 0, west: 1 }).sessions.acquire('thread_1', never);
    const [group = ''] = region.west.groups.keys();
    assert.equal(placeOf(group), 'west');
    const { home, store, queue, clock } = region;
    const places = [{ name: 'home', weight: 1, groups: home }];
    const { sessions } = testSessions({ groups: home, places, store, queue, clock });
    assert.equal((await sessions.acquire('thread_1', never)).created, false, 'it answers, so it is used');
    await region.west.vanish(group);
    const lease = await sessions.acquire('thread_1', never);
    assert.deepEqual([lease.place, lease.replaced], ['home', true]);
  });
});
