import type OpenAI from 'openai';

import type { MessageRecord } from '../api/message.ts';
import type { RunRecord } from '../api/run.ts';
import type { RunStepRecord } from '../api/run-step.ts';

/** A `thread.*` event as the official client knows it. */
export type RunEvent = OpenAI.Beta.AssistantStreamEvent;

/** An event with its place in the run's stream, see `event-id.ts`. */
export interface NumberedEvent {
  readonly id: number;
  readonly event: RunEvent;
}

/** What is saved of a run. */
export interface SavedRun {
  readonly run: RunRecord;
  readonly steps: readonly RunStepRecord[];
  /** Messages that the run wrote. */
  readonly messages: readonly MessageRecord[];
}

/**
 * Where the engine reports what happens, in order. What a stream was told before (by an earlier worker, or in
 * an attempt that broke off) may be reported again: it is not told twice.
 */
export interface EventSink {
  emit(event: RunEvent): void;
  /** Says that unfinished work is told from its beginning again. */
  restart(): void;
  /** Tells what is saved and was never told. */
  catchUp(saved: SavedRun): void;
}

/** A run's sink as long as one worker has it. */
export interface RunSink extends EventSink {
  /** Goes on behind what an earlier worker reported, and tells what it saved without reporting it. */
  resume(saved: SavedRun): Promise<void>;
  /** Writes what waits to be written. */
  close(): Promise<void>;
}

export const silentSink: RunSink = {
  emit: () => {},
  restart: () => {},
  catchUp: () => {},
  resume: async () => {},
  close: async () => {},
};
