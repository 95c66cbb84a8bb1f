import type OpenAI from 'openai';

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
