import type { Crash } from '../crash-points.ts';
import type { Stores } from '../store/stores.ts';
import { type FileCheck, type LookAfter, lookAfterFile, takeBack } from './look-after.ts';

export interface FileDeletion extends LookAfter {
  readonly stores: Pick<Stores, 'files'>;
  readonly crash: Crash;
}

/**
 * Deletes a file for a caller. It is marked first, so that nobody ever sees a file without its bytes; whatever happens
 * then, the same request completes it when it is repeated, and else the message does. False when there is no such file.
 */
export async function deleteFile(services: FileDeletion, project: string, fileId: string): Promise<boolean> {
  const { stores, crash } = services;
  if (!(await stores.files.isKnown(project, fileId))) return false;
  const receipt = await lookAfterFile(services, { project, fileId }, false);
  crash('deletion-after-message');
  await stores.files.markDeleted(project, fileId);
  crash('deletion-after-mark');
  const removed = await stores.files.remove(project, fileId, () => crash('deletion-after-bytes'));
  await takeBack(services, receipt);
  return removed;
}

/** What a message that looks after a file does: removes what is there without being wanted. Repeatable. */
export async function checkFile(
  { stores }: Pick<FileDeletion, 'stores'>,
  { project, fileId, wanted }: FileCheck,
): Promise<void> {
  if (wanted && (await stores.files.get(project, fileId))) return;
  await stores.files.remove(project, fileId);
  await stores.files.discard(project, fileId);
}
