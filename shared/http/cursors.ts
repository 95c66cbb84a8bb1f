import { notFound } from '../api/error.ts';
import type { PageQuery } from '../api/page.ts';
import { isOwnId } from '../ids.ts';

const names = {
  assistant: 'assistant',
  thread: 'thread',
  message: 'message',
  run: 'run',
  step: 'run step',
  file: 'file',
  vectorStore: 'vector store',
} as const;

/**
 * Makes sure that a list's cursors mark a place. An id of ours does, even when its object was deleted while
 * somebody was paging; any other has to be found. To ignore a cursor would begin the list anew, for ever.
 * @param isKnown whether the object exists, for collections that hold ids made elsewhere
 * @throws {ApiError} 404
 */
export async function requireCursors(
  kind: keyof typeof names,
  query: Pick<PageQuery, 'after' | 'before'>,
  isKnown: (id: string) => Promise<boolean> = async () => false,
): Promise<void> {
  for (const side of ['after', 'before'] as const) {
    const id = query[side];
    if (id === undefined || isOwnId(kind, id) || (await isKnown(id))) continue;
    throw notFound(names[kind], id, side);
  }
}
