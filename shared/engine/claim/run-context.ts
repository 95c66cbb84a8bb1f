import type { MessageRecord } from '../../api/message.ts';
import type { RunRecord, RunUsage } from '../../api/run.ts';
import type { RunStepRecord } from '../../api/run-step.ts';
import { unixSeconds } from '../../clock.ts';
import { contextTokens } from '../../model/context.ts';
import type { Citable } from '../../run/citations.ts';
import type { EventSink } from '../../run/run-event.ts';
import { isOpen } from '../../run/steps.ts';
import type { WarmSession } from '../../tools/code-interpreter.ts';
import { usesFileSearch } from '../../tools/file-search.ts';
import { citablesOf } from '../../tools/search-results.ts';
import { loadWorkspace, type RunWorkspace } from '../../tools/workspace-plan.ts';
import { type History, loadHistory } from '../prompt/load-history.ts';
import type { Images } from '../prompt/load-images.ts';
import type { ClaimedRun } from './claimed-run.ts';
import type { EngineDependencies } from './dependencies.ts';
import { WrittenMessages } from './written-messages.ts';

/** Messages of a thread that a prompt is made from at most, whatever their length. */
const MAX_PROMPT_MESSAGES = 500;

/**
 * What a worker knows of the run in hand. `steps` and `messages` mirror what is saved, plus the one step and
 * message that are being written; everything else is read when first needed.
 */
export class RunContext {
  readonly dependencies: EngineDependencies;
  readonly claimed: ClaimedRun;
  readonly sink: EventSink;
  /** This run's steps, oldest first. */
  readonly steps: RunStepRecord[];
  /** Messages that this run wrote. */
  readonly messages: MessageRecord[];
  readonly written: WrittenMessages;
  /** True when an earlier worker may have begun what is saved but unfinished. */
  resumed: boolean;
  workspace: RunWorkspace | undefined;
  /** What was read of the images in the prompt. */
  readonly images: Images = new Map();
  /** True when something was saved whose turn to be told is still to come. */
  savedUntold = false;
  /** Tokens of the last model call, counted into the run when its outcome is saved. */
  tokens: RunUsage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
  #history: History | undefined;
  #warmed = false;
  #warm: Promise<WarmSession | undefined> | undefined;

  constructor(
    dependencies: EngineDependencies,
    claimed: ClaimedRun,
    sink: EventSink,
    saved: { steps: RunStepRecord[]; messages: MessageRecord[]; resumed: boolean },
  ) {
    this.dependencies = dependencies;
    this.claimed = claimed;
    this.sink = sink;
    this.steps = saved.steps;
    this.messages = saved.messages;
    this.resumed = saved.resumed;
    this.written = new WrittenMessages(dependencies.stores, saved.messages);
    this.messages.push(...this.written.missing(claimed.record, saved.steps));
    claimed.onConflict(() => this.written.noteDeletions(this.run));
  }

  get run() {
    return this.claimed.record;
  }

  /** Of the run's model. */
  get contextTokens(): number {
    return contextTokens(this.dependencies.config.MODEL_CONTEXT_TOKENS, this.run.object.model);
  }

  /** Unix seconds. */
  now(): number {
    return unixSeconds(this.dependencies.clock.now());
  }

  /** The thread before this run; read once, since nobody else writes to a locked thread. */
  async history(): Promise<History> {
    this.#history ??= await loadHistory(this.dependencies.stores, this.run, {
      contextTokens: this.contextTokens,
      maxMessages: MAX_PROMPT_MESSAGES,
    });
    return this.#history;
  }

  /** What the model may cite: results of this run's searches, and of earlier ones that its prompt speaks of. */
  async citables(): Promise<Citable[]> {
    if (!usesFileSearch(this.run)) return [];
    const { pastSteps } = await this.history();
    return [...pastSteps, ...this.steps].flatMap(citablesOf);
  }

  /** Looks for the thread's session while the model thinks; once. */
  warmSession(): void {
    if (this.#warmed) return;
    this.#warmed = true;
    const { codeInterpreter } = this.dependencies;
    this.#warm = codeInterpreter.warmUp(this.run.object.thread_id, this.claimed.signal);
  }

  /** What {@link warmSession} found, for the first call that needs it. */
  takeWarmSession(): Promise<WarmSession | undefined> | undefined {
    const warm = this.#warm;
    this.#warm = undefined;
    return warm;
  }

  async loadWorkspace(history: History): Promise<RunWorkspace> {
    this.workspace ??= await loadWorkspace(this.dependencies.stores, this.run, history.messages);
    return this.workspace;
  }

  /** The run after one more answered model call. */
  countTurn(record: RunRecord): RunRecord {
    const { usage, modelCalls } = record.work;
    const sum = {
      prompt_tokens: usage.prompt_tokens + this.tokens.prompt_tokens,
      completion_tokens: usage.completion_tokens + this.tokens.completion_tokens,
      total_tokens: usage.total_tokens + this.tokens.total_tokens,
    };
    return { ...record, work: { ...record.work, usage: sum, modelCalls: modelCalls + 1, halfTurn: false } };
  }

  /** The tokens of the last model call are counted. */
  nextTurn(): void {
    this.tokens = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
  }

  /** Puts a step in its place, over an earlier version of itself. */
  putStep(step: RunStepRecord): void {
    put(this.steps, step);
  }

  /** Forgets a step that was neither saved nor told. */
  dropStep(step: RunStepRecord | undefined): void {
    const at = step ? this.steps.findIndex(({ object }) => object.id === step.object.id) : -1;
    if (at >= 0) this.steps.splice(at, 1);
  }

  /** Forgets a message, and its step, alike. */
  dropMessage(message: MessageRecord | undefined): void {
    const at = message ? this.messages.indexOf(message) : -1;
    if (at < 0) return;
    this.messages.splice(at, 1);
    this.dropStep(this.steps.find((step) => isOpen(step) && step.object.type === 'message_creation'));
  }

  putMessage(message: MessageRecord): void {
    put(this.messages, message);
  }
}

function put<T extends { object: { id: string } }>(list: T[], record: T): void {
  const at = list.findIndex(({ object }) => object.id === record.object.id);
  if (at < 0) list.push(record);
  else list[at] = record;
}
