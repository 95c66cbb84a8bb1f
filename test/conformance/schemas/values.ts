import { z } from 'zod';

/**
 * Values of the API's answers. All schemas in this folder were written from the public OpenAPI document and its
 * prose, not from this project's own: what they and the presenters agree on was decided twice. They are strict:
 * a field that the API does not have is an error.
 */

/** Seconds since 1970, after the API was born and before the next century: milliseconds do not pass. */
export const time = z.int().min(1_600_000_000).max(4_102_444_800);
export const timeOrNull = time.nullable();
export const id = z.string().min(1);
export const idOrNull = id.nullable();

/** Ours are never null, though the document allows that. */
export const metadata = z
  .record(z.string().max(64), z.string().max(512))
  .refine((pairs) => Object.keys(pairs).length <= 16);

export const detail = z.enum(['auto', 'low', 'high']);

const tokens = z.int().min(0);
export const usage = z
  .strictObject({ prompt_tokens: tokens, completion_tokens: tokens, total_tokens: tokens })
  .refine((sum) => sum.total_tokens === sum.prompt_tokens + sum.completion_tokens)
  .nullable();

export const temperature = z.number().min(0).max(2);
export const topP = z.number().min(0).max(1);

const name = z
  .string()
  .max(64)
  .regex(/^[\w-]+$/);
const jsonSchema = z.record(z.string(), z.unknown());

export const responseFormat = z.union([
  z.literal('auto'),
  z.strictObject({ type: z.literal('text') }),
  z.strictObject({ type: z.literal('json_object') }),
  z.strictObject({
    type: z.literal('json_schema'),
    json_schema: z.strictObject({
      name,
      description: z.string().exactOptional(),
      schema: jsonSchema.exactOptional(),
      strict: z.boolean().nullable().exactOptional(),
    }),
  }),
]);

export const toolChoice = z.union([
  z.enum(['none', 'auto', 'required']),
  z.strictObject({ type: z.enum(['code_interpreter', 'file_search']) }),
  z.strictObject({ type: z.literal('function'), function: z.strictObject({ name }) }),
]);

export const codeInterpreterTool = z.strictObject({ type: z.literal('code_interpreter') });

export const functionTool = z.strictObject({
  type: z.literal('function'),
  function: z.strictObject({
    name,
    description: z.string().exactOptional(),
    parameters: jsonSchema.exactOptional(),
    // Optional by the document; the hosted API always said it.
    strict: z.boolean(),
  }),
});

const ranker = z.enum(['auto', 'default_2024_08_21']);
const score = z.number().min(0).max(1);

const fileSearchTool = z.strictObject({
  type: z.literal('file_search'),
  file_search: z
    .strictObject({
      max_num_results: z.int().min(1).max(50).exactOptional(),
      ranking_options: z
        .strictObject({ ranker: ranker.exactOptional(), score_threshold: score })
        .exactOptional(),
    })
    .exactOptional(),
});

export const tools = z.array(z.union([codeInterpreterTool, fileSearchTool, functionTool])).max(128);

export const toolResources = z
  .strictObject({
    code_interpreter: z.strictObject({ file_ids: z.array(id).max(20) }).exactOptional(),
    file_search: z.strictObject({ vector_store_ids: z.array(id).max(1) }).exactOptional(),
  })
  .nullable();

/** Where a file search found something. */
export const searchResult = z.strictObject({
  file_id: id,
  file_name: z.string(),
  score,
  content: z.array(z.strictObject({ type: z.literal('text'), text: z.string() })).exactOptional(),
});
export const rankingOptions = z.strictObject({ ranker, score_threshold: score });
