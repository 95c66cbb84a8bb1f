import type { AssistantRecord } from '../api/assistant.ts';
import type { CreateRun, RunRecord } from '../api/run.ts';
import type { ThreadRecord } from '../api/thread.ts';
import { unixSeconds } from '../clock.ts';

/**
 * A queued run: its own copy of everything it needs, so that later changes of the assistant do not reach it.
 * Pure.
 */
export function newRun(
  place: {
    id: string;
    now: number;
    ttlMs: number;
    stream: boolean;
    mark?: string | undefined;
    messageCount: number;
    lastMessageKey: string;
  },
  thread: Pick<ThreadRecord, 'object' | 'state'>,
  assistant: AssistantRecord,
  request: Omit<CreateRun, 'additional_messages'>,
): RunRecord {
  const createdAt = unixSeconds(place.now);
  const files = (resources: typeof thread.object.tool_resources) =>
    resources?.code_interpreter?.file_ids ?? [];
  return {
    project: assistant.project,
    object: {
      id: place.id,
      object: 'thread.run',
      created_at: createdAt,
      assistant_id: assistant.object.id,
      thread_id: thread.object.id,
      status: 'queued',
      started_at: null,
      expires_at: unixSeconds(place.now + place.ttlMs),
      cancelled_at: null,
      failed_at: null,
      completed_at: null,
      required_action: null,
      last_error: null,
      model: request.model ?? assistant.object.model,
      instructions: instructionsOf(assistant, request),
      tools: (request.tools as RunRecord['object']['tools'] | null | undefined) ?? assistant.object.tools,
      tool_resources: thread.object.tool_resources ?? {},
      metadata: request.metadata ?? {},
      temperature: request.temperature ?? assistant.object.temperature ?? null,
      top_p: request.top_p ?? assistant.object.top_p ?? null,
      max_completion_tokens: request.max_completion_tokens ?? null,
      max_prompt_tokens: request.max_prompt_tokens ?? null,
      truncation_strategy: {
        type: request.truncation_strategy?.type ?? 'auto',
        last_messages: request.truncation_strategy?.last_messages ?? null,
      },
      incomplete_details: null,
      usage: null,
      response_format:
        (request.response_format as RunRecord['object']['response_format']) ??
        assistant.object.response_format ??
        'auto',
      tool_choice: (request.tool_choice as RunRecord['object']['tool_choice']) ?? 'auto',
      parallel_tool_calls: request.parallel_tool_calls ?? true,
    },
    work: {
      stream: place.stream,
      ...(place.mark === undefined ? {} : { mark: place.mark }),
      reasoningEffort: request.reasoning_effort ?? assistant.reasoningEffort,
      codeInterpreterFileIds: [
        ...new Set([
          ...files(assistant.object.tool_resources ?? null),
          ...files(thread.object.tool_resources),
        ]),
      ],
      vectorStoreIds: assistant.object.tool_resources?.file_search?.vector_store_ids ?? [],
      threadHasToolSteps: thread.state.hasToolSteps,
      messageCount: place.messageCount,
      lastMessageKey: place.lastMessageKey,
      leaseOwner: '',
      leaseUntil: 0,
      watchdog: null,
      usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
      modelCalls: 0,
      attempts: 0,
    },
  };
}

/** What the model is told before anything else; the empty string for nothing. */
export function instructionsOf(
  assistant: AssistantRecord,
  request: Pick<CreateRun, 'instructions' | 'additional_instructions'>,
): string {
  const instructions = request.instructions ?? assistant.object.instructions ?? '';
  const parts = [instructions, request.additional_instructions ?? ''].filter((part) => part !== '');
  return parts.join('\n\n');
}
