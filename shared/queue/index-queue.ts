import { z } from 'zod';

import { WorkQueue } from './work-queue.ts';

const file = { storeId: z.string(), fileId: z.string() };
const kind = z.enum(['start', 'watch']);

/**
 * Work on vector stores: ids only, so that a message is safe to deliver twice, late, or after its subject is gone.
 * Of what must come to an end, one message asks for work at once (`start`), and another one wakes later (`watch`) to
 * see that it was not abandoned. The others are repeatable deeds.
 */
export const IndexMessage = z.discriminatedUnion('type', [
  /** `since`: when it was put for the first time, Unix milliseconds: it may be there before its subject is. */
  z.object({ type: z.literal('index-file'), ...file, kind, since: z.number() }),
  z.object({
    type: z.literal('spread-batch'),
    storeId: z.string(),
    batchId: z.string(),
    kind,
    since: z.number(),
  }),
  z.object({ type: z.literal('cancel-batch'), storeId: z.string(), batchId: z.string() }),
  z.object({ type: z.literal('remove-file'), project: z.string(), ...file, attempt: z.number() }),
  z.object({ type: z.literal('sync-attributes'), project: z.string(), ...file }),
  z.object({
    type: z.literal('remove-store'),
    project: z.string(),
    storeId: z.string(),
    sortKey: z.string(),
  }),
  z.object({ type: z.literal('expire-store'), project: z.string(), storeId: z.string() }),
  /** A file object is deleted; `since` as above: it may come before the deletion. */
  z.object({ type: z.literal('forget-file'), project: z.string(), fileId: z.string(), since: z.number() }),
  z.object({ type: z.literal('compact'), project: z.string(), storeId: z.string() }),
]);
export type IndexMessage = z.infer<typeof IndexMessage>;

export class IndexQueue extends WorkQueue<IndexMessage> {}
