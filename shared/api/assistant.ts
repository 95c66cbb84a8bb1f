import type OpenAI from 'openai';
import { z } from 'zod';

import { unixSeconds } from '../clock.ts';
import { newId, sortKeyOf } from '../ids.ts';
import { changedMetadata, instructions, metadata, modelName, text } from './fields.ts';
import { onlyFields } from './known-fields.ts';
import { reasoningEffort, responseFormat, temperature, topP } from './model-options.ts';
import {
  changeResources,
  newResources,
  newToolResources,
  presentTools,
  TOOLS_PER_ASSISTANT,
  type ToolResourcesChange,
  tool,
  toolResources,
  withPlaces,
} from './tool.ts';

export type Assistant = OpenAI.Beta.Assistant;
export type AssistantTool = OpenAI.Beta.AssistantTool;
export type ToolResources = NonNullable<OpenAI.Beta.Assistant['tool_resources']>;
export type ReasoningEffort = OpenAI.ReasoningEffort;

/** An assistant as stored: what the API shows, and whose it is. */
export interface AssistantRecord {
  readonly project: string;
  /** Orders lists; made at creation, the id's own time where the id is ours. */
  readonly sortKey: string;
  readonly object: Assistant;
  /** Not part of the API's assistant type, passed on to the model when set. */
  readonly reasoningEffort: ReasoningEffort | null;
}

const fields = {
  name: text(256).nullable().optional(),
  description: text(512).nullable().optional(),
  instructions: instructions().nullable().optional(),
  tools: z.array(tool).max(TOOLS_PER_ASSISTANT).optional(),
  metadata: metadata(),
  temperature: temperature(),
  top_p: topP(),
  reasoning_effort: reasoningEffort(),
  response_format: responseFormat(),
};

export const createAssistant = z.strictObject({
  model: modelName(),
  ...fields,
  tool_resources: newToolResources(),
});
export type CreateAssistant = z.output<typeof createAssistant>;

export const modifyAssistant = z.strictObject({
  model: modelName().optional(),
  ...fields,
  tool_resources: toolResources(),
});
export type ModifyAssistant = z.output<typeof modifyAssistant>;

/** A new assistant; `now` in Unix milliseconds. Null stands for the caller's "as you like". */
export function newAssistant(request: CreateAssistant, project: string, now: number): AssistantRecord {
  const id = newId('assistant', now);
  const tools = request.tools ?? [];
  return {
    project,
    sortKey: sortKeyOf(id) ?? '',
    reasoningEffort: request.reasoning_effort ?? null,
    object: {
      id,
      object: 'assistant',
      created_at: unixSeconds(now),
      name: request.name ?? null,
      description: request.description ?? null,
      model: request.model,
      instructions: request.instructions ?? null,
      tools,
      tool_resources: newResources(request.tool_resources, tools),
      metadata: request.metadata ?? {},
      temperature: request.temperature ?? null,
      top_p: request.top_p ?? null,
      response_format: request.response_format ?? 'auto',
    },
  };
}

/** Replaces only the fields that were sent; null sets a field back to its default. */
export function changeAssistant(record: AssistantRecord, change: ModifyAssistant): AssistantRecord {
  const { object } = record;
  const sent = <K extends keyof ModifyAssistant>(field: K) => change[field] !== undefined;
  const tools = change.tools ?? object.tools;
  return {
    ...record,
    reasoningEffort: sent('reasoning_effort') ? (change.reasoning_effort ?? null) : record.reasoningEffort,
    object: {
      ...object,
      model: change.model ?? object.model,
      name: sent('name') ? (change.name ?? null) : object.name,
      description: sent('description') ? (change.description ?? null) : object.description,
      instructions: sent('instructions') ? (change.instructions ?? null) : object.instructions,
      tools,
      tool_resources: withPlaces(changeResources(object.tool_resources, change.tool_resources), tools),
      metadata: changedMetadata(object.metadata, change.metadata),
      temperature: sent('temperature') ? (change.temperature ?? null) : (object.temperature ?? null),
      top_p: sent('top_p') ? (change.top_p ?? null) : (object.top_p ?? null),
      response_format: sent('response_format')
        ? (change.response_format ?? 'auto')
        : (object.response_format ?? 'auto'),
    },
  };
}

const shown = onlyFields<Assistant>({
  id: true,
  object: true,
  created_at: true,
  name: true,
  description: true,
  model: true,
  instructions: true,
  tools: true,
  tool_resources: true,
  metadata: true,
  temperature: true,
  top_p: true,
  response_format: true,
});

/** What callers see: the API's defaults where the caller left the choice open. */
export function presentAssistant({ object, reasoningEffort: effort }: AssistantRecord) {
  return {
    ...shown(object),
    tools: presentTools(object.tools),
    temperature: object.temperature ?? 1,
    top_p: object.top_p ?? 1,
    ...(effort === null ? {} : { reasoning_effort: effort }),
  } satisfies Assistant;
}

/** The assistant as one run is to see it. */
export const withResources = (record: AssistantRecord, resources: ToolResourcesChange): AssistantRecord => ({
  ...record,
  object: { ...record.object, tool_resources: changeResources(record.object.tool_resources, resources) },
});
