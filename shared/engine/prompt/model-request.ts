import { contextTokens, messageCounter } from '../../model/context.ts';
import type { ChatMessage, ModelRequest } from '../../model/model.ts';
import type { RunEnd } from '../../run/decide.ts';
import { usesFileSearch } from '../../tools/file-search.ts';
import { CITATION_NOTE } from '../../tools/search-results.ts';
import { INTERPRETER_NOTE, usesCodeInterpreter, workspaceNote } from '../../tools/workspace-plan.ts';
import type { RunContext } from '../claim/run-context.ts';
import { conversation, systemMessage } from './build-prompt.ts';
import { withImages } from './load-images.ts';
import { chatToolChoice, chatTools } from './tool-definitions.ts';
import { truncate } from './truncate.ts';

/** Part of a model's context that is left for its answer, unless the run asks for less. */
const ANSWER_SHARE = 0.25;
const MAX_ANSWER_TOKENS = 16_384;

/** The next Chat Completions request of a run, or the end of a run whose budget leaves no room for one. */
export async function buildRequest(
  context: RunContext,
): Promise<{ request: ModelRequest } | { end: RunEnd }> {
  const { run, dependencies } = context;
  const { object, work } = run;
  const size = contextTokens(dependencies.config.MODEL_CONTEXT_TOKENS, object.model);
  const history = await context.history();
  const workspace = await context.loadWorkspace(history);
  const tools = chatTools(run);
  const notes = [
    ...(usesCodeInterpreter(run) ? [INTERPRETER_NOTE, workspaceNote(workspace) ?? ''] : []),
    ...(usesFileSearch(run) ? [CITATION_NOTE] : []),
  ];
  const system = systemMessage(run, notes);

  // The message of a turn that is done again is part of its answer, not of its question.
  const steps = work.halfTurn ? context.steps.slice(0, -1) : context.steps;

  const groups = conversation({
    run,
    history: history.messages,
    pastSteps: history.pastSteps,
    steps,
    ownMessages: context.messages,
  });
  // Groups of this run stand at the end, one for each saved step that has something to say.
  const own =
    groups.length -
    conversation({ ...history, history: history.messages, run, steps: [], ownMessages: [] }).length;
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
  const shown = await withImages(dependencies.stores.files, run.project, conversed, context.images);
  const messages: ChatMessage[] = [...(system ? [system] : []), ...shown];
  return { request: toRequest(context, messages, tools, answer) };
}

/** Parameters are the caller's choice and go out only when set; the API's defaults are the model's own. */
function toRequest(
  context: RunContext,
  messages: ChatMessage[],
  tools: ReturnType<typeof chatTools>,
  answer: number | undefined,
): ModelRequest {
  const { object, work } = context.run;
  const choice = chatToolChoice(context.run);
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
