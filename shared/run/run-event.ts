import type OpenAI from 'openai';

import type { MessageRecord } from '../api/message.ts';
import type { RunRecord } from '../api/run.ts';
import type { RunStepRecord } from '../api/run-step.ts';

/** A `thread.*` event as the official client knows it. */
export type RunEvent = OpenAI.Beta.AssistantStreamEvent;

type MessageDelta = Extract<RunEvent, { event: 'thread.message.delta' }>;
type StepDelta = Extract<RunEvent, { event: 'thread.run.step.delta' }>;
/** A piece of something that is being written. */
export type DeltaEvent = MessageDelta | StepDelta;

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
 * To whom the engine tells what happens, in order. What a stream was told before (by an earlier worker, or in
 * an attempt that broke off) may be told again: it does not hear it twice.
 */
export interface EventSink {
  tell(events: readonly RunEvent[]): void;
  /** Says that unfinished work is told from its beginning again. */
  restart(): void;
  /** Tells what is saved and was never told. */
  catchUp(saved: SavedRun): void;
}

/** A run's sink as long as one worker has it. */
export interface RunSink extends EventSink {
  /** Goes on behind what an earlier worker told, and tells what it saved and did not tell. */
  resume(saved: SavedRun): Promise<void>;
  /** Writes what waits to be written. */
  close(): Promise<void>;
}

export const silentSink: RunSink = {
  tell: () => {},
  restart: () => {},
  catchUp: () => {},
  resume: async () => {},
  close: async () => {},
};
