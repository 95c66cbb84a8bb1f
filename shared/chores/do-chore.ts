import { HOUR } from '../clock.ts';
import { checkUpload } from '../files/complete-upload.ts';
import { checkFile } from '../files/delete-file.ts';
import type { ChoreMessage } from '../queue/chore-queue.ts';
import { removeEnded } from '../sessions/session-ends.ts';
import { removeSession } from '../sessions/session-removal.ts';
import type { ChoreDependencies } from './chore-dependencies.ts';
import { clearThread } from './delete-thread.ts';

/** One message of queue `chores`. Repeatable. */
export async function doChore(services: ChoreDependencies, message: ChoreMessage): Promise<void> {
  switch (message.type) {
    case 'remove-session':
      return removeSession(message, { groups: services.groups, sweep: services.sweepSessions });
    case 'end-sessions': {
      const { groups, chores, stores, clock } = services;
      return removeEnded(message.due, { groups, queue: chores, marks: stores.endMarks, clock });
    }
    case 'remove-thread':
      return clearThread(services, message);
    case 'check-file':
      return checkFile(services, message);
    case 'check-upload':
      return checkUpload(services, message.project, message.uploadId);
  }
}

/** Five tries are over within a minute, and what stops them may take an operator hours. */
const PUT_OFF_MS = HOUR;

/** Brings back a chore that failed too often for the host's patience. */
export async function putChoreOff(
  { chores, log }: Pick<ChoreDependencies, 'chores' | 'log'>,
  message: ChoreMessage,
): Promise<void> {
  await chores.put(message, PUT_OFF_MS);
  const thread = 'threadId' in message ? message.threadId : undefined;
  const group = message.type === 'remove-session' ? message.group : undefined;
  log.warn('a chore is put off', { type: message.type, thread, group });
}
