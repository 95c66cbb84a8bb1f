import type OpenAI from 'openai';
import { z } from 'zod';

import { chunkingStrategy } from './chunking-strategy.ts';
import { id, integer, metadata, modelSideName, number } from './fields.ts';

/** What an assistant or a run can use, and the files and vector stores it may use it on. */

export const codeInterpreterTool = z.strictObject({ type: z.literal('code_interpreter') });
export const fileSearchToolTypeOnly = z.strictObject({ type: z.literal('file_search') });

const fileSearchTool = z.strictObject({
  type: z.literal('file_search'),
  file_search: z
    .strictObject({
      max_num_results: integer(1, 50).exactOptional(),
      ranking_options: z
        .strictObject({
          ranker: z.enum(['auto', 'default_2024_08_21']).exactOptional(),
          score_threshold: number(0, 1),
        })
        .exactOptional(),
    })
    .exactOptional(),
});

const functionTool = z.strictObject({
  type: z.literal('function'),
  function: z.strictObject({
    name: modelSideName(),
    description: z.string().exactOptional(),
    parameters: z.record(z.string(), z.unknown()).exactOptional(),
    strict: z.boolean().nullable().exactOptional(),
  }),
});

export const tool = z.discriminatedUnion('type', [codeInterpreterTool, fileSearchTool, functionTool]);

export const TOOLS_PER_ASSISTANT = 128;
/** A run without tools of its own uses the assistant's, however many; this limits what a request may list. */
export const TOOLS_PER_RUN_REQUEST = 20;

/** Of an assistant, and of a thread. */
export const FILES_PER_CODE_INTERPRETER = 20;

const codeInterpreterResources = z.strictObject({
  file_ids: z.array(id()).max(FILES_PER_CODE_INTERPRETER).optional(),
});

const fileSearchResources = z.strictObject({ vector_store_ids: z.array(id()).max(1).optional() });

/** Files that a store made along the way begins with; more are added to it in batches. */
const FILES_OF_NEW_STORE = 10_000;

const newVectorStore = z.strictObject({
  file_ids: z.array(id()).max(FILES_OF_NEW_STORE).optional(),
  chunking_strategy: chunkingStrategy.optional(),
  metadata: metadata(),
});

/** On modification a tool that is not named keeps its resources. */
export const toolResources = () =>
  z
    .strictObject({
      code_interpreter: codeInterpreterResources.optional(),
      file_search: fileSearchResources.optional(),
    })
    .nullable()
    .optional();

/** On creation a vector store can be made along the way. */
export const newToolResources = () =>
  z
    .strictObject({
      code_interpreter: codeInterpreterResources.optional(),
      file_search: fileSearchResources
        .extend({ vector_stores: z.array(newVectorStore).max(1).optional() })
        .check((context) => {
          if (!context.value.vector_store_ids || !context.value.vector_stores) return;
          context.issues.push({
            code: 'custom',
            message: "Only one of 'vector_store_ids' and 'vector_stores' can be given.",
            path: ['vector_stores'],
            params: { code: 'invalid_value' },
            input: context.value,
          });
        })
        .optional(),
    })
    .nullable()
    .optional();

export type NewToolResources = z.output<ReturnType<typeof newToolResources>>;
export type ToolResourcesChange = z.output<ReturnType<typeof toolResources>>;

type Resources = OpenAI.Beta.Assistant.ToolResources;

/** Resources of a new object: what was given, and an empty place for each tool that takes files. */
export const newResources = (
  request: NewToolResources,
  tools: readonly { readonly type: string }[],
): Resources =>
  withPlaces(
    {
      ...(request?.code_interpreter
        ? { code_interpreter: { file_ids: request.code_interpreter.file_ids ?? [] } }
        : {}),
      ...(request?.file_search
        ? { file_search: { vector_store_ids: request.file_search.vector_store_ids ?? [] } }
        : {}),
    },
    tools,
  );

/**
 * An empty place for each tool that takes files: programs append to
 * `assistant.tool_resources.code_interpreter.file_ids`, whether the tool came at once or later.
 */
export function withPlaces(resources: Resources, tools: readonly { readonly type: string }[]): Resources {
  const uses = (type: string) => tools.some((candidate) => candidate.type === type);
  return {
    ...(uses('code_interpreter') ? { code_interpreter: { file_ids: [] } } : {}),
    ...(uses('file_search') ? { file_search: { vector_store_ids: [] } } : {}),
    ...resources,
  };
}

/** As the hosted API showed them: whether a function's arguments are held to their schema is always said. */
export const presentTools = <T extends OpenAI.Beta.AssistantTool>(tools: readonly T[]): T[] =>
  tools.map((one) =>
    one.type === 'function'
      ? { ...one, function: { ...one.function, strict: one.function.strict ?? false } }
      : one,
  );

/** A tool that the change does not name keeps its resources; null takes all away. */
export function changeResources(
  current: Resources | null | undefined,
  change: ToolResourcesChange,
): Resources {
  if (change === null) return {};
  return {
    ...current,
    ...(change?.code_interpreter
      ? { code_interpreter: { file_ids: change.code_interpreter.file_ids ?? [] } }
      : {}),
    ...(change?.file_search
      ? { file_search: { vector_store_ids: change.file_search.vector_store_ids ?? [] } }
      : {}),
  };
}
