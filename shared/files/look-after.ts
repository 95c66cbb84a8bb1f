import type { QueueReceipt } from '../api/run.ts';
import { HOUR, MINUTE } from '../clock.ts';
import { errorFields, type Log } from '../log.ts';
import type { ChoreMessage, ChoreQueue } from '../queue/chore-queue.ts';

/** Longer than any request may take that uploads a file. */
export const UPLOAD_CHECK_MS = HOUR;
export const DELETION_CHECK_MS = MINUTE;

export interface LookAfter {
  readonly chores: Pick<ChoreQueue, 'put' | 'takeBack'>;
  readonly log: Log;
}

/**
 * Bytes and their row are two writes, and a process can die between them. So a message waits meanwhile that looks
 * what became of them; it is taken back when all went well, and then nothing ever wakes for it.
 */
export const lookAfterFile = (
  { chores }: LookAfter,
  file: { readonly project: string; readonly fileId: string },
  /** Whether the file is to be there in the end, if it is whole. */
  wanted: boolean,
): Promise<QueueReceipt> =>
  chores.put({ type: 'check-file', ...file, wanted }, wanted ? UPLOAD_CHECK_MS : DELETION_CHECK_MS);

/** Of no more use. One that stays finds nothing to do. */
export async function takeBack({ chores, log }: LookAfter, receipt: QueueReceipt | undefined): Promise<void> {
  if (!receipt) return;
  await chores.takeBack(receipt).catch((error: unknown) => {
    log.warn('a message that looks after a file was left', errorFields(error));
  });
}

export type FileCheck = Extract<ChoreMessage, { type: 'check-file' }>;
