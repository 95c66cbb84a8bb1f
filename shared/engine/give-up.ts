import type { RunMessage } from '../queue/run-queue.ts';
import type { RunEnd } from '../run/decide.ts';
import { isAttended, isExpired } from '../run/run-changes.ts';
import { isTerminal } from '../run/run-state.ts';
import type { EngineDependencies } from './claim/dependencies.ts';
import { endUnattended } from './end-unattended.ts';
import { putSuccessor } from './watch-run.ts';

/** How often a run may be taken up without anything of it being saved: it may be what kills its workers. */
export const MAX_ATTEMPTS = 10;

export const givenUp: RunEnd = {
  status: 'failed',
  lastError: { code: 'server_error', message: 'The run could not be processed and was given up.' },
};

/**
 * Ends a run whose message could not be handled however often it was tried. One that somebody works on after
 * all, or that waits for its caller, is left alone: its watchdog stands, or gets a successor here.
 */
export async function failPoisonedRun(dependencies: EngineDependencies, message: RunMessage): Promise<void> {
  const { stores, log, clock } = dependencies;
  const row = await stores.runs.rowOfAny(message.threadId, message.runId);
  if (!row || isTerminal(row.document.object.status)) return;
  const waits = row.document.object.status === 'requires_action' && !isExpired(row.document, clock.now());
  if (waits || isAttended(row.document, clock.now())) {
    await putSuccessor(dependencies, row, { ...message, kind: 'watch' });
    return;
  }
  log.error('a run was given up', { run: message.runId, thread: message.threadId });
  await endUnattended(dependencies, row, givenUp);
}
