import { z } from 'zod';

import { id, idOrNull } from './values.ts';

/** A page. Ids of an empty one are null: the document has no word for that, the contract has. */
export const listOf = (item: z.ZodType<{ id: string }>) =>
  z
    .strictObject({
      object: z.literal('list'),
      data: z.array(item),
      first_id: idOrNull,
      last_id: idOrNull,
      has_more: z.boolean(),
    })
    .refine((page) => page.first_id === (page.data[0]?.id ?? null), { path: ['first_id'] })
    .refine((page) => page.last_id === (page.data.at(-1)?.id ?? null), { path: ['last_id'] })
    .refine((page) => page.data.length > 0 || !page.has_more, { path: ['has_more'] });

/** Models come all at once. */
export const allOf = (item: z.ZodType) => z.strictObject({ object: z.literal('list'), data: z.array(item) });

export const deleted = (object: string) =>
  z.strictObject({ id, object: z.literal(object), deleted: z.literal(true) });

export const refusal = z.strictObject({
  error: z.strictObject({
    message: z.string().min(10),
    type: z.enum(['invalid_request_error', 'rate_limit_error', 'server_error']),
    param: z.string().min(1).nullable(),
    code: z.string().min(1).nullable(),
  }),
});
