/**
 * Preloaded into child processes (`node --import`): standard input is a pipe that the parent never writes to,
 * so its end means that the parent is gone, even by SIGKILL. Then this process ends as if asked to.
 * Plain JavaScript, because the child's program need not be ours.
 */
const GRACE_MS = 5_000;

process.stdin.on('error', end).on('end', end).on('close', end).resume();
process.stdin.unref?.();
let ending = false;

function end() {
  if (ending) return;
  ending = true;
  setTimeout(() => process.exit(1), GRACE_MS).unref();
  // Without a listener this ends the process at once, with one it stops in an orderly way.
  process.kill(process.pid, 'SIGTERM');
}
