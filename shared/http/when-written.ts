import { setTimeout as delay } from 'node:timers/promises';

import { ApiError } from '../api/error.ts';
import type { MessageRecord } from '../api/message.ts';
import { SECOND } from '../clock.ts';

const LOOK_EVERY_MS = SECOND / 4;
/** Beyond this the caller is asked to come again, which the official clients do by themselves. */
const PATIENCE_MS = 10 * SECOND;

class BeingWritten extends Error {}

/** Part of a change of a message: @throws when a run is writing it, for {@link whenWritten} to wait. */
export function notWhileWritten(record: MessageRecord): MessageRecord {
  if (record.object.status === 'in_progress') throw new BeingWritten();
  return record;
}

/**
 * Does something to a message once no run is writing it: what a run writes is saved whole when it is complete,
 * over whatever was changed meanwhile.
 * @throws {ApiError} 409 for a message that stays in progress
 */
export async function whenWritten<T>(id: string, work: () => Promise<T>): Promise<T> {
  for (let waited = 0; ; waited += LOOK_EVERY_MS) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof BeingWritten)) throw error;
      if (waited >= PATIENCE_MS) throw new ApiError(409, `Message ${id} is still being written.`);
      await delay(LOOK_EVERY_MS);
    }
  }
}
