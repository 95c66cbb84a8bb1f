import { newAssistant } from '../../shared/api/assistant.ts';
import type { MessageRecord } from '../../shared/api/message.ts';
import type { RunRecord } from '../../shared/api/run.ts';
import type { RunStepRecord, ToolCall } from '../../shared/api/run-step.ts';
import { newId } from '../../shared/ids.ts';
import { newRun } from '../../shared/run/new-run.ts';
import { newAssistantMessage, newStep } from '../../shared/run/steps.ts';

/** Milliseconds; a whole second, so that seconds can be compared. */
export const NOW = 1_790_000_000_000;
export const seconds = (milliseconds: number): number => Math.floor(milliseconds / 1000);

const state = { activeRunId: '', lastMessageKey: '', messageCount: 1, hasToolSteps: false };

/** A queued run as the API makes it, changed as wished. */
export function aRun(changes: { object?: object; work?: object } = {}): RunRecord {
  const assistant = newAssistant(
    {
      model: 'scripted',
      tools: [{ type: 'code_interpreter' }, { type: 'function', function: { name: 'f' } }],
    } as never,
    'test',
    NOW,
  );
  const thread = { object: { id: newId('thread', NOW), tool_resources: null } as never, state };
  const place = {
    id: newId('run', NOW),
    now: NOW,
    ttlMs: 600_000,
    stream: false,
    messageCount: 1,
    lastMessageKey: '',
  };
  const run = newRun(place, thread, assistant, { assistant_id: assistant.object.id });
  return {
    ...run,
    object: { ...run.object, ...changes.object },
    work: { ...run.work, ...changes.work },
  };
}

/** The run's `ordinal`-th step with these calls, in progress. */
export function aToolStep(run: RunRecord, ordinal: number, calls: readonly ToolCall[]): RunStepRecord {
  return newStep(run, ordinal, { type: 'tool_calls', tool_calls: [...calls] }, seconds(NOW));
}

export const codeCall = (id: string, input = 'print(1)'): ToolCall => ({
  id,
  type: 'code_interpreter',
  code_interpreter: { input, outputs: [] },
});

export const searchCall = (id: string): ToolCall => ({ id, type: 'file_search', file_search: {} });

export const functionCall = (id: string, name = 'f'): ToolCall => ({
  id,
  type: 'function',
  function: { name, arguments: '{}', output: null },
});

/** A message that is being written, and its step. */
export function aHalfMessage(
  run: RunRecord,
  ordinal: number,
): { message: MessageRecord; step: RunStepRecord } {
  const message = newAssistantMessage(run, ordinal, seconds(NOW));
  const details = { type: 'message_creation' as const, message_creation: { message_id: message.object.id } };
  return { message, step: newStep(run, ordinal, details, seconds(NOW)) };
}
