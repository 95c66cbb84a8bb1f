import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';

const PATIENCE_MS = 120_000;
const PAUSE_MS = 20;

/** Waits for a condition. @throws after two minutes, naming what did not come */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (const end = Date.now() + PATIENCE_MS; !(await condition()); await delay(PAUSE_MS)) {
    assert.ok(Date.now() < end, `in vain: ${what}`);
  }
}
