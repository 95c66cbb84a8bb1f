import type OpenAI from 'openai';

import type { ReasoningEffort } from './assistant.ts';

export type Run = OpenAI.Beta.Threads.Run;
export type RunStatus = Run['status'];

export interface RunRecord {
  readonly project: string;
  /** What the API shows. */
  readonly object: Run;
  /** What only the engine knows. */
  readonly work: RunWork;
}

export interface RunWork {
  /** Whether the run's events are written to its event log. */
  readonly stream: boolean;
  readonly reasoningEffort: ReasoningEffort | null;
  /** Files of assistant and thread for the code interpreter, as they were when the run began. */
  readonly codeInterpreterFileIds: readonly string[];
  /** Whether earlier runs of the thread have tool steps that belong into the prompt. */
  readonly threadHasToolSteps: boolean;
  /** Messages in the thread when the run began, its own additional ones included. */
  readonly messageCount: number;
  readonly lastMessageKey: string;
  /** Who works on the run (unique per invocation), and until when (Unix milliseconds) without renewal. */
  readonly leaseOwner: string;
  readonly leaseUntil: number;
  /** The waiting message that would wake the run if its worker died. */
  readonly watchdog: QueueReceipt | null;
  /** Sum over the model calls so far. */
  readonly usage: RunUsage;
  /** Model calls answered and saved so far: a forced tool choice applies to the first only. */
  readonly modelCalls: number;
  /** Times the run was taken over or redelivered; ends a run that kills every worker. */
  readonly attempts: number;
}

export interface RunUsage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
}

export interface QueueReceipt {
  readonly messageId: string;
  readonly popReceipt: string;
}
