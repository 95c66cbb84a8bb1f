import { setTimeout as delay } from 'node:timers/promises';

import { startEmulation } from '../local/emulation.ts';
import { bodies } from './hostile/bodies.ts';
import { ATTACKER, NEIGHBOUR, openScene } from './hostile/scene.ts';
import { milliseconds, type Report } from './report.ts';

/**
 * What one caller can do to the others: while the worst requests are sent with one key, a cheap one is asked
 * with another, without a pause. The row of the quiet host says how much of a wait is the machine's.
 */
export async function run(report: Report): Promise<void> {
  const emulation = await startEmulation({
    port: 0,
    warm: 0,
    apiKeys: `attacker:${ATTACKER},neighbour:${NEIGHBOUR}`,
    environment: { ...process.env, RATE_LIMIT_PER_MINUTE: '1000000', MODELS: 'demo' },
  });
  try {
    using scene = openScene(emulation.url, emulation.host.pid);
    const quiet = await scene.harmOf(() => delay(3_000));
    report.row("another caller's longest wait: quiet host, 3 s", milliseconds(quiet.longestMs));
    await bodies(report, scene);
  } finally {
    await emulation.stop();
  }
}
