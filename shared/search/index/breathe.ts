import { setImmediate } from 'node:timers/promises';

/** How long work may keep the process from everything else, in milliseconds. */
const HELD_MS = 8;

export type Breather = () => Promise<void>;

/** To be awaited between pieces of long work: lets the rest of the process go on when it has waited long enough. */
export function breather(heldMs = HELD_MS): Breather {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < heldMs) return;
    await setImmediate();
    since = performance.now();
  };
}
