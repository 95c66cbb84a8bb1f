import type OpenAI from 'openai';

import type { MessageRecord } from '../api/message.ts';
import type { RunRecord } from '../api/run.ts';
import type { RunStepRecord } from '../api/run-step.ts';

/** A `thread.*` event as the official client knows it. */
export type RunEvent = OpenAI.Beta.AssistantStreamEvent;

/** An event with its place in the run's stream: 0, 1, 2, … */
export interface NumberedEvent {
  readonly number: number;
  readonly event: RunEvent;
}

/** Where the engine reports what happened, in order, each event once. */
export interface EventSink {
  emit(event: RunEvent): void;
}

/** What is saved of a run that a worker takes up. */
export interface SavedRun {
  readonly run: RunRecord;
  readonly steps: readonly RunStepRecord[];
  readonly messages: readonly MessageRecord[];
}

/** Ids of what an earlier worker may have begun to report without having saved it. */
export interface UnsavedIds {
  readonly messageId: string;
  readonly stepIds: readonly string[];
}

/** What a stream was sent of one tool call that is still open. */
export interface SentCall {
  /** Code or arguments. */
  readonly input: string;
  readonly outputs: readonly { readonly type: 'logs' | 'image'; readonly text: string }[];
}

/** What a stream was sent of the answer that is being written. */
export interface Sent {
  readonly text: string;
  readonly calls: readonly SentCall[];
}

export const nothingSent: Sent = { text: '', calls: [] };

/** A run's sink as long as one worker has it. */
export interface RunSink extends EventSink {
  /** Reports what is saved but was never reported, and says what is reported of unsaved work. */
  resume(saved: SavedRun, unsaved: UnsavedIds): Promise<Sent>;
  /** Writes what waits to be written. */
  close(): Promise<void>;
}

export const silentSink: RunSink = {
  emit: () => {},
  resume: async () => nothingSent,
  close: async () => {},
};
