import { z } from 'zod';

import { integer, modelSideName, number } from './fields.ts';

/** What a caller may ask of the model: the same fields on assistants and on runs. Null means the default. */

export const temperature = () => number(0, 2).nullable().optional();
export const topP = () => number(0, 1).nullable().optional();

export const reasoningEffort = () =>
  z.enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']).nullable().optional();

const jsonSchemaFormat = z.strictObject({
  type: z.literal('json_schema'),
  json_schema: z.strictObject({
    name: modelSideName(),
    description: z.string().exactOptional(),
    schema: z.record(z.string(), z.unknown()).exactOptional(),
    strict: z.boolean().nullable().exactOptional(),
  }),
});

export const responseFormat = () =>
  z
    .union([
      z.literal('auto'),
      z.discriminatedUnion('type', [
        z.strictObject({ type: z.literal('text') }),
        z.strictObject({ type: z.literal('json_object') }),
        jsonSchemaFormat,
      ]),
    ])
    .nullable()
    .optional();

export const toolChoice = () =>
  z
    .union([
      z.enum(['none', 'auto', 'required']),
      z.discriminatedUnion('type', [
        z.strictObject({ type: z.literal('function'), function: z.strictObject({ name: modelSideName() }) }),
        z.strictObject({ type: z.literal('code_interpreter') }),
        z.strictObject({ type: z.literal('file_search') }),
      ]),
    ])
    .nullable()
    .optional();

export const truncationStrategy = () =>
  z
    .strictObject({
      type: z.enum(['auto', 'last_messages']),
      last_messages: integer(1).nullable().optional(),
    })
    .check((context) => {
      if (context.value.type !== 'last_messages' || typeof context.value.last_messages === 'number') return;
      context.issues.push({
        code: 'custom',
        message: "Missing required parameter: 'truncation_strategy.last_messages'.",
        path: ['last_messages'],
        params: { code: 'missing_required_parameter' },
        input: context.value,
      });
    })
    .nullable()
    .optional();

/** A budget over all model calls of a run. The hosted document said 256 at least, the hosted API took 16. */
export const tokenBudget = () => integer(1).nullable().optional();
