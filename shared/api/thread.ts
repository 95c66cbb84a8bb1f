import type OpenAI from 'openai';

export type Thread = OpenAI.Beta.Thread;

export interface ThreadRecord {
  readonly project: string;
  readonly object: Thread;
  /** Kept beside the object, because runs and messages change it without touching the object. */
  readonly state: ThreadState;
}

export interface ThreadState {
  /** The live run that locks the thread, or the empty string. */
  readonly activeRunId: string;
  /** Sort key of the newest message: later ones must sort after it, whatever the clocks say. */
  readonly lastMessageKey: string;
  readonly messageCount: number;
  /** Whether any run of the thread has called a tool: only then past steps belong into a prompt. */
  readonly hasToolSteps: boolean;
}
