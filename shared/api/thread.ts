import type OpenAI from 'openai';
import { z } from 'zod';

import { unixSeconds } from '../clock.ts';
import { newId } from '../ids.ts';
import { changedMetadata, metadata } from './fields.ts';
import { onlyFields } from './known-fields.ts';
import { createMessage } from './message.ts';
import { changeResources, newResources, newToolResources, toolResources } from './tool.ts';

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

const MESSAGES_PER_THREAD = 100_000;

export const createThread = z.strictObject({
  messages: z.array(createMessage).max(MESSAGES_PER_THREAD).optional(),
  tool_resources: newToolResources(),
  metadata: metadata(),
});
export type CreateThread = z.output<typeof createThread>;

export const modifyThread = z.strictObject({ tool_resources: toolResources(), metadata: metadata() });
export type ModifyThread = z.output<typeof modifyThread>;

/** A new, empty thread; `now` in Unix milliseconds. */
export function newThread(request: CreateThread, now: number, id = newId('thread', now)): Thread {
  return {
    id,
    object: 'thread',
    created_at: unixSeconds(now),
    tool_resources: newResources(request.tool_resources, []),
    metadata: request.metadata ?? {},
  };
}

/** Replaces only the fields that were sent. */
export function changeThread(thread: Thread, change: ModifyThread): Thread {
  return {
    ...thread,
    tool_resources: changeResources(thread.tool_resources, change.tool_resources),
    metadata: changedMetadata(thread.metadata, change.metadata),
  };
}

const shown = onlyFields<Thread>({
  id: true,
  object: true,
  created_at: true,
  tool_resources: true,
  metadata: true,
});

export const presentThread = ({ object }: Pick<ThreadRecord, 'object'>): Thread => shown(object);
