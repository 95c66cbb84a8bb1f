import type OpenAI from 'openai';
import { z } from 'zod';

import { metadata } from './fields.ts';
import { createMessage } from './message.ts';
import { newToolResources, toolResources } from './tool.ts';

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

export const createThread = z.strictObject({
  messages: z.array(createMessage).optional(),
  tool_resources: newToolResources(),
  metadata: metadata(),
});
export type CreateThread = z.output<typeof createThread>;

export const modifyThread = z.strictObject({ tool_resources: toolResources(), metadata: metadata() });
export type ModifyThread = z.output<typeof modifyThread>;
