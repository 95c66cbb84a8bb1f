import type OpenAI from 'openai';

/** A `thread.*` event as the official client knows it. */
export type RunEvent = OpenAI.Beta.AssistantStreamEvent;

/** Where the engine reports what happened, in order, each event once. */
export interface EventSink {
  emit(event: RunEvent): void;
}

export const silentSink: EventSink = { emit: () => {} };
