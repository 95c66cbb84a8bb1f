import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { suite, test } from 'node:test';

import { type DayOutcome, simulate, usualDay } from '../../infra/scale/places-day.ts';
import { HOUR, SECOND } from '../../shared/clock.ts';

const page = await readFile(new URL('../../docs/scale.md', import.meta.url), 'utf8');

/** As docs/scale.md shows it. */
function row({ sessions, notHad, median, p95, places }: DayOutcome): string {
  const number = (value: number) => value.toLocaleString('en');
  const created = places.map((place) => number(place.created)).join(', ');
  const refused = number(places.reduce((sum, place) => sum + place.refused, 0));
  const share = ((notHad / sessions) * 100).toFixed(1);
  const seconds = (ms: number) => Math.round(ms / SECOND);
  return `${number(sessions)} | ${number(notHad)} (${share} %) | ${seconds(median)} / ${seconds(p95)} | ${created} | ${refused} |`;
}

suite('a day of 5 runs a second over places of 100 groups, one of which fails for an hour', () => {
  for (const [label, day] of Object.entries({
    '4 places, an hour each': usualDay,
    '4 places, half an hour each': { ...usualDay, ttlMs: HOUR / 2 },
    '8 places, an hour each': { ...usualDay, places: 8 },
  })) {
    test(`${label}: as docs/scale.md says`, () => {
      const outcome = simulate(day);
      assert.ok(page.includes(`| ${label} | ${row(outcome)}`), `| ${label} | ${row(outcome)}`);
      assert.ok(outcome.places.every(({ mostAtOnce }) => mostAtOnce <= 100));
      const created = outcome.places.map((place) => place.created);
      assert.ok(Math.min(...created) > Math.max(...created) * 0.9, 'all places carry their share');
      const room = day.places * day.groupsPerPlace * (HOUR / day.ttlMs);
      if (room > day.sessionsPerSecond * 3600) assert.ok(outcome.notHad < outcome.sessions / 100);
    });
  }

  test('without the other places, the failing one would cost everybody their session', () => {
    const alone = simulate({ ...usualDay, places: 1, sessionsPerSecond: 0.02 });
    const beside = simulate({ ...usualDay, places: 2, sessionsPerSecond: 0.02 });
    assert.ok(alone.notHad > 50, `${alone.notHad}`);
    assert.ok(beside.notHad <= 2, `${beside.notHad}`);
  });
});
