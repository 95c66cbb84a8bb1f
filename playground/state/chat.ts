import { type Signal, signal } from '@preact/signals';
import type OpenAI from 'openai';

import type { Api } from '../api/api.ts';
import { type Problem, problemOf } from '../api/problem.ts';
import { type RunEvent, RunUnknown, runEvents } from '../api/run-events.ts';
import {
  activeRun,
  type Conversation,
  isOver,
  type Message,
  nothingSaid,
  type Run,
  type RunStep,
  withEvent,
  withListedSteps,
  withMessage,
  withoutMessages,
  withRun,
  withSteps,
} from './conversation.ts';

export interface Attachment {
  readonly file: OpenAI.FileObject;
  readonly tools: readonly ('code_interpreter' | 'file_search')[];
  /** An image that the model is to see, instead of a file for its tools. */
  readonly asImage: boolean;
}

export interface Question {
  readonly text: string;
  readonly attachments: readonly Attachment[];
}

export type Phase =
  | { readonly name: 'idle' }
  | { readonly name: 'loading' }
  | { readonly name: 'running' }
  /** The connection broke; the run goes on without it. */
  | { readonly name: 'reconnecting'; readonly attempt: number };

const PAGE = 50;
/** Events that are kept of a run, for the inspector. */
const EVENTS_KEPT = 5_000;
/** How often the page is drawn anew while text comes, in milliseconds. */
const FRAME_MS = 33;
const RESULTS = 'step_details.tool_calls[*].file_search.results[*].content' as const;

/** One thread as this tab sees it. It goes on when another thread is looked at. */
export class Chat {
  readonly conversation: Signal<Conversation> = signal(nothingSaid);
  readonly phase: Signal<Phase> = signal({ name: 'idle' });
  readonly problem: Signal<Problem | undefined> = signal(undefined);
  /** Messages before the first one shown. */
  readonly hasEarlier = signal(false);
  readonly events: Signal<ReadonlyMap<string, readonly RunEvent[]>> = signal(new Map());
  readonly threadId: string;
  readonly #api: Api;
  #asked = new Set<string>();
  #stop = new AbortController();
  #waiting: RunEvent[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(api: Api, threadId: string) {
    this.#api = api;
    this.threadId = threadId;
  }

  get #threads(): OpenAI.Beta.Threads {
    return this.#api.client.beta.threads;
  }

  /** Reads the newest part of the thread; follows its run when one is under way. */
  async load(): Promise<void> {
    this.phase.value = { name: 'loading' };
    await this.#guarded(async () => {
      const [messages, runs] = await Promise.all([
        this.#threads.messages.list(this.threadId, { limit: PAGE }),
        this.#threads.runs.list(this.threadId, { limit: PAGE }),
      ]);
      this.hasEarlier.value = messages.has_more;
      this.conversation.value = {
        ...this.conversation.value,
        messages: messages.data.toReversed(),
        runs: since(runs.data.toReversed(), messages.has_more ? messages.data.at(-1) : undefined),
      };
    });
    const run = activeRun(this.conversation.value);
    if (run && run.status !== 'requires_action') await this.#watch(run);
  }

  async loadEarlier(): Promise<void> {
    const first = this.conversation.value.messages[0];
    if (!first) return;
    await this.#guarded(async () => {
      const messages = await this.#threads.messages.list(this.threadId, { limit: PAGE, after: first.id });
      const oldest = this.conversation.value.runs[0];
      const runs = await this.#threads.runs.list(this.threadId, {
        limit: PAGE,
        ...(oldest ? { after: oldest.id } : {}),
      });
      const known = this.conversation.value;
      this.hasEarlier.value = messages.has_more;
      const earlier = since(runs.data.toReversed(), messages.has_more ? messages.data.at(-1) : undefined);
      this.conversation.value = {
        ...known,
        messages: [...messages.data.toReversed(), ...known.messages],
        runs: [...earlier.filter(({ id }) => !known.runs.some((run) => run.id === id)), ...known.runs],
      };
    });
  }

  /** The steps of a run, once. */
  async askForSteps(run: Run): Promise<void> {
    if (this.#asked.has(run.id) || this.conversation.value.steps.has(run.id)) return;
    this.#asked.add(run.id);
    try {
      const steps = await this.#listSteps(run.id);
      this.conversation.value = withListedSteps(this.conversation.value, run.id, steps);
    } catch {
      this.#asked.delete(run.id); // Asked again when it is looked at again; the messages are there without them.
    }
  }

  async #listSteps(runId: string): Promise<readonly RunStep[]> {
    const { data } = await this.#threads.runs.steps.list(runId, {
      thread_id: this.threadId,
      order: 'asc',
      limit: 100,
      include: [RESULTS],
    });
    return data;
  }

  /** Adds the question to the thread and runs it. */
  async ask(assistantId: string, question: Question): Promise<void> {
    this.phase.value = { name: 'running' };
    const added = await this.#guarded(
      async () => {
        const message = await this.#threads.messages.create(this.threadId, messageOf(question));
        this.conversation.value = withMessage(this.conversation.value, message);
      },
      { keepPhase: true },
    );
    if (added) await this.run(assistantId);
    else this.phase.value = { name: 'idle' };
  }

  /** Runs the thread as it is. */
  async run(assistantId: string): Promise<void> {
    await this.#stream((signal) =>
      this.#threads.runs
        .create(
          this.threadId,
          { assistant_id: assistantId, stream: true, include: [RESULTS] },
          { headers: { 'x-event-ids': 'true' }, signal, maxRetries: 0 },
        )
        .asResponse(),
    );
  }

  /** Takes back everything that came after the last question, and the question when it is asked anew. */
  async takeBack({ question }: { question: boolean }): Promise<boolean> {
    const { messages } = this.conversation.value;
    const index = messages.findLastIndex(({ role }) => role === 'user');
    const gone = messages.slice(question ? index : index + 1);
    return this.#guarded(async () => {
      for (const { id } of gone.toReversed())
        await this.#threads.messages.delete(id, { thread_id: this.threadId });
      this.conversation.value = withoutMessages(this.conversation.value, new Set(gone.map(({ id }) => id)));
    });
  }

  async cancel(run: Run): Promise<void> {
    await this.#guarded(
      async () => {
        const cancelled = await this.#threads.runs.cancel(run.id, { thread_id: this.threadId });
        this.conversation.value = withRun(this.conversation.value, cancelled);
      },
      { keepPhase: true },
    );
  }

  async submit(run: Run, outputs: readonly { tool_call_id: string; output: string }[]): Promise<void> {
    await this.#stream(
      (signal) =>
        this.#threads.runs
          .submitToolOutputs(
            run.id,
            { thread_id: this.threadId, tool_outputs: [...outputs], stream: true },
            { headers: { 'x-event-ids': 'true' }, signal, maxRetries: 0 },
          )
          .asResponse(),
      run,
    );
  }

  /** The log of a run that was not watched here. @throws what the API refuses, as where a run was not streamed */
  async readEvents(run: Run): Promise<void> {
    const address = { threadId: this.threadId, runId: run.id };
    const signal = this.#stop.signal;
    const open = () => this.#api.runEvents(address, undefined, signal);
    const read: RunEvent[] = [];
    for await (const event of runEvents({ open, follow: open, run: address, signal })) read.push(event);
    this.events.value = new Map(this.events.value).set(run.id, read.slice(-EVENTS_KEPT));
  }

  /** Nobody looks any more. */
  close(): void {
    this.#stop.abort();
  }

  /** A run that was begun elsewhere: by its log, or, where it has none, by asking. */
  async #watch(run: Run): Promise<void> {
    const address = { threadId: this.threadId, runId: run.id };
    const signal = this.#stop.signal;
    const response = await this.#api.runEvents(address, undefined, signal).catch(() => undefined);
    if (response) await this.#stream(async () => response, run);
    else await this.#poll(run.id);
  }

  async #poll(runId: string): Promise<void> {
    this.phase.value = { name: 'running' };
    await this.#guarded(async () => {
      for (;;) {
        const { data: run, response } = await this.#threads.runs
          .retrieve(runId, { thread_id: this.threadId }, { signal: this.#stop.signal })
          .withResponse();
        this.conversation.value = withRun(this.conversation.value, run);
        const steps = await this.#listSteps(runId);
        this.conversation.value = withSteps(this.conversation.value, runId, steps);
        if (isOver(run) || run.status === 'requires_action') break;
        const wait = Number(response.headers.get('openai-poll-after-ms') ?? 1_000);
        await new Promise((resolve) => setTimeout(resolve, wait));
      }
      const { data } = await this.#threads.messages.list(this.threadId, {
        run_id: runId,
        order: 'asc',
        limit: 100,
      });
      for (const message of data) this.conversation.value = withMessage(this.conversation.value, message);
    });
  }

  async #stream(open: (signal: AbortSignal) => Promise<Response>, run?: Run): Promise<void> {
    const signal = this.#stop.signal;
    this.phase.value = { name: 'running' };
    let runId = run?.id;
    try {
      const events = runEvents({
        open: () => open(signal),
        follow: (address, after) => this.#api.runEvents(address, after, signal),
        ...(run ? { run: { threadId: this.threadId, runId: run.id } } : {}),
        onBroken: (attempt) => {
          this.phase.value = attempt === 0 ? { name: 'running' } : { name: 'reconnecting', attempt };
        },
        signal,
      });
      this.problem.value = undefined;
      for await (const event of events) {
        if (event.event.event === 'thread.run.created') runId = event.event.data.id;
        this.#take(event, runId);
      }
      this.#draw();
      this.phase.value = { name: 'idle' };
    } catch (error) {
      this.#draw();
      if (signal.aborted) return;
      await this.#lost(error, runId);
    }
  }

  /** What the thread itself says, where its stream cannot be had. */
  async #lost(error: unknown, runId: string | undefined): Promise<void> {
    const isMissing = (error as { status?: number }).status === 404;
    if (error instanceof RunUnknown || (runId !== undefined && isMissing)) {
      if (runId !== undefined) return this.#poll(runId);
      return this.load();
    }
    this.problem.value = problemOf(error);
    this.phase.value = { name: 'idle' };
  }

  #take(event: RunEvent, runId: string | undefined): void {
    this.#waiting.push(event);
    if (runId !== undefined) {
      const known = this.events.peek().get(runId) ?? [];
      // In place: it is a log that may be long. The map is new at each drawing.
      (known as RunEvent[]).push(event);
      (this.events.peek() as Map<string, readonly RunEvent[]>).set(runId, known);
    }
    // Not by animation frames: a tab in the background has none, and would fall behind.
    this.#timer ??= setTimeout(() => this.#draw(), FRAME_MS);
  }

  #draw(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiting.length === 0) return;
    let next = this.conversation.value;
    for (const { event, at } of this.#waiting.splice(0)) next = withEvent(next, event, at);
    this.conversation.value = next;
    this.events.value = new Map(this.events.value);
  }

  /** @returns whether it succeeded; what went wrong is in `problem` */
  async #guarded(work: () => Promise<void>, { keepPhase = false } = {}): Promise<boolean> {
    try {
      await work();
      this.problem.value = undefined;
      return true;
    } catch (error) {
      if (!this.#stop.signal.aborted) this.problem.value = problemOf(error);
      return false;
    } finally {
      if (!keepPhase) this.phase.value = { name: 'idle' };
    }
  }
}

function messageOf({ text, attachments }: Question): OpenAI.Beta.Threads.MessageCreateParams {
  const images = attachments.filter(({ asImage }) => asImage);
  const files = attachments.filter(({ asImage }) => !asImage);
  return {
    role: 'user',
    content:
      images.length === 0
        ? text
        : [
            ...images.map(({ file }) => ({ type: 'image_file' as const, image_file: { file_id: file.id } })),
            ...(text === '' ? [] : [{ type: 'text' as const, text }]),
          ],
    ...(files.length === 0
      ? {}
      : {
          attachments: files.map(({ file, tools }) => ({
            file_id: file.id,
            tools: tools.map((type) => ({ type })),
          })),
        }),
  };
}

/** Runs that belong to messages before the first one shown are shown with those. */
const since = (runs: readonly Run[], first: Message | undefined): readonly Run[] =>
  first ? runs.filter(({ created_at }) => created_at >= first.created_at) : runs;
