import type { MessageRecord } from '../../api/message.ts';
import type { RunRecord } from '../../api/run.ts';
import type { RunStepRecord } from '../../api/run-step.ts';
import { messageCounter } from '../../model/context.ts';
import type { ChatMessage, ModelRequest } from '../../model/model.ts';
import type { RunEnd } from '../../run/decide.ts';
import type { Stores } from '../../store/stores.ts';
import { usesFileSearch } from '../../tools/file-search.ts';
import { CITATION_NOTE } from '../../tools/search-results.ts';
import {
  INTERPRETER_NOTE,
  type RunWorkspace,
  usesCodeInterpreter,
  workspaceNote,
} from '../../tools/workspace-plan.ts';
import { conversation, systemMessage } from './build-prompt.ts';
import type { History } from './load-history.ts';
import { type Images, withImages } from './load-images.ts';
import { chatToolChoice, chatTools } from './tool-definitions.ts';
import { truncate } from './truncate.ts';

/** Part of a model's context that is left for its answer, unless the run asks for less. */
const ANSWER_SHARE = 0.25;
const MAX_ANSWER_TOKENS = 16_384;

/** What a prompt is made of. */
export interface PromptSource {
  readonly run: RunRecord;
  /** The thread before the run. */
  readonly history: History;
  /** This run's steps, oldest first, and the messages that they made. */
  readonly steps: readonly RunStepRecord[];
  readonly messages: readonly MessageRecord[];
  readonly workspace: RunWorkspace;
  /** The model's context. */
  readonly contextTokens: number;
  /** What was read of the images in the prompts of this run; added to. */
  readonly images: Images;
  readonly files: Stores['files'];
}

/** The next Chat Completions request of a run, or the end of a run whose budget leaves no room for one. */
export async function buildRequest(
  source: PromptSource,
): Promise<{ request: ModelRequest } | { end: RunEnd }> {
  const { run, history, workspace, contextTokens: size } = source;
  const { object, work } = run;
  const tools = chatTools(run);
  const notes = [
    ...(usesCodeInterpreter(run) ? [INTERPRETER_NOTE, workspaceNote(workspace) ?? ''] : []),
    ...(usesFileSearch(run) ? [CITATION_NOTE] : []),
  ];
  const system = systemMessage(run, notes);

  // The message of a turn that is done again is part of its answer, not of its question.
  const steps = work.halfTurn ? source.steps.slice(0, -1) : source.steps;
  const { groups, own } = conversation({
    run,
    history: history.messages,
    pastSteps: history.pastSteps,
    steps,
    ownMessages: source.messages,
  });
  const fixed = [...(system ? [system] : []), ...toolMessages(tools)];
  const all = [...fixed, ...groups.flatMap((group) => group.messages)];
  const answer =
    object.max_completion_tokens === null
      ? undefined
      : object.max_completion_tokens - work.usage.completion_tokens;
  const reserve = Math.min(answer ?? MAX_ANSWER_TOKENS, MAX_ANSWER_TOKENS, size * ANSWER_SHARE);
  const budget = (object.max_prompt_tokens ?? Number.POSITIVE_INFINITY) - work.usage.prompt_tokens;
  const limit = Math.min(size - reserve, budget);
  const count = await messageCounter(all, limit, object.model);
  const overhead = count(fixed);
  const kept = truncate(
    groups,
    {
      strategy: object.truncation_strategy ?? { type: 'auto', last_messages: null },
      tokens: limit - overhead,
    },
    (group) => count(group.messages),
    own,
  );
  const conversed = kept.flatMap((group) => group.messages);
  // What has to be said at least is said whatever the model's context, but never beyond the caller's budget.
  if (overhead + count(conversed) > budget) {
    return { end: { status: 'incomplete', incompleteReason: 'max_prompt_tokens' } };
  }
  const shown = await withImages(source.files, run.project, conversed, source.images);
  const messages: ChatMessage[] = [...(system ? [system] : []), ...shown];
  return { request: toRequest(run, messages, tools, answer) };
}

/** Parameters are the caller's choice and go out only when set; the API's defaults are the model's own. */
function toRequest(
  run: RunRecord,
  messages: ChatMessage[],
  tools: ReturnType<typeof chatTools>,
  answer: number | undefined,
): ModelRequest {
  const { object, work } = run;
  const choice = chatToolChoice(run);
  const format = object.response_format;
  return {
    model: object.model,
    messages,
    ...(tools.length === 0 ? {} : { tools, ...(choice === undefined ? {} : { tool_choice: choice }) }),
    ...(tools.length === 0 || object.parallel_tool_calls ? {} : { parallel_tool_calls: false }),
    ...(format === null || format === 'auto'
      ? {}
      : { response_format: format as NonNullable<ModelRequest['response_format']> }),
    ...(typeof object.temperature !== 'number' ? {} : { temperature: object.temperature }),
    ...(typeof object.top_p !== 'number' ? {} : { top_p: object.top_p }),
    ...(work.reasoningEffort ? { reasoning_effort: work.reasoningEffort } : {}),
    ...(answer === undefined ? {} : { max_completion_tokens: answer }),
  };
}

/** Tool definitions count into the prompt too. */
const toolMessages = (tools: ReturnType<typeof chatTools>): ChatMessage[] =>
  tools.length === 0 ? [] : [{ role: 'system', content: JSON.stringify(tools) }];
