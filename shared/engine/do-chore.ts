import type { SessionMessage } from '../queue/session-queue.ts';
import { removeSession } from '../sessions/session-removal.ts';
import { type ChoreServices, clearThread } from './delete-thread.ts';

/** One message of queue `sessions`. Repeatable. */
export async function doChore(services: ChoreServices, message: SessionMessage): Promise<void> {
  switch (message.type) {
    case 'remove-session':
      return removeSession(message, { groups: services.groups, sweep: services.sweepSessions });
    case 'remove-thread':
      return clearThread(services, message.threadId);
  }
}
