/** The emulator as a program of its own: prints one line of JSON when it is ready, and ends on SIGTERM. */
import { startArmEmulator } from './emulator.ts';

const { SESSION_PYTHON, SESSION_WARM, SESSION_ISOLATION, ARM_PORT } = process.env;
const emulator = await startArmEmulator({
  warm: Number(SESSION_WARM || 1),
  port: Number(ARM_PORT || 0),
  isolation: SESSION_ISOLATION === 'none' ? 'none' : 'bubblewrap',
  ...(SESSION_PYTHON ? { python: SESSION_PYTHON } : {}),
});
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    void emulator.stop().finally(() => process.exit(0));
  });
}
process.stdout.write(`${JSON.stringify({ url: emulator.url })}\n`);
