import { z } from 'zod';

import { WorkQueue } from './work-queue.ts';

/**
 * Work waiting: ids only, so that a message is safe to deliver twice, late, or after its run is gone.
 * `start` asks for work at once; `watch` wakes later to see that the run has not been abandoned.
 */
export const RunMessage = z.object({
  threadId: z.string(),
  runId: z.string(),
  kind: z.enum(['start', 'watch']),
});
export type RunMessage = z.infer<typeof RunMessage>;

export class RunQueue extends WorkQueue<RunMessage> {}
