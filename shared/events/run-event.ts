import type OpenAI from 'openai';

/** A `thread.*` event as the official client knows it. */
export type RunEvent = OpenAI.Beta.AssistantStreamEvent;

/** Where the engine reports what happened, in order, each event once. */
export interface EventSink {
  emit(event: RunEvent): void;
}

/** A sink that may have something to write before it is left. */
export interface ClosableSink extends EventSink {
  close(): Promise<void>;
}

export const silentSink: ClosableSink = { emit: () => {}, close: async () => {} };
