import { isTerminal } from '../engine/run-state.ts';
import type { RunEvent, SavedRun, Sent, SentCall, UnsavedIds } from './run-event.ts';

/**
 * What a log has reported so far, gathered event by event. Answers two questions for a worker that takes a run
 * over: which saved changes were never reported, and what of unsaved work was.
 */
export class ReportedState {
  readonly #seen = new Set<string>();
  readonly #texts = new Map<string, string>();
  readonly #calls = new Map<
    string,
    { input: string; outputs: { type: 'logs' | 'image'; text: string }[] }[]
  >();
  #lastRunEvent = '';
  #createdSeen = false;

  /** Takes note of an event. False when it reports what was reported before. */
  note(event: RunEvent): boolean {
    switch (event.event) {
      case 'thread.message.delta':
        this.#noteText(event.data);
        return true;
      case 'thread.run.step.delta':
        this.#noteCalls(event.data);
        return true;
      case 'error':
        return true;
      default: {
        if (isRunEvent(event)) {
          if (this.#lastRunEvent === event.event) return false;
          this.#lastRunEvent = event.event;
          this.#createdSeen ||= event.event === 'thread.run.created';
          return true;
        }
        const key = `${event.event} ${event.data.id}`;
        if (this.#seen.has(key)) return false;
        this.#seen.add(key);
        return true;
      }
    }
  }

  /** Takes what is saved of a waiting run as known to whoever asks for a stream only now. */
  assumeWaiting(step: { readonly object: { readonly id: string } }): void {
    this.#lastRunEvent = 'thread.run.requires_action';
    this.#seen.add(`thread.run.step.created ${step.object.id}`);
    this.#seen.add(`thread.run.step.in_progress ${step.object.id}`);
  }

  /** Whether the stream is over: the run has ended, or waits for its caller. */
  get ended(): boolean {
    const status = this.#lastRunEvent.slice('thread.run.'.length);
    return status === 'requires_action' || this.hasEnd;
  }

  get hasEnd(): boolean {
    return /^thread\.run\.(completed|incomplete|failed|cancelled|expired)$/.test(this.#lastRunEvent);
  }

  /** Saved changes that were not reported, in the order in which they happened. Notes them as reported. */
  catchUp({ run, steps, messages }: SavedRun): RunEvent[] {
    const missing: RunEvent[] = [];
    const report = (event: RunEvent) => {
      if (this.note(event)) missing.push(event);
    };
    const queued = { ...run.object, status: 'queued' as const, started_at: null, required_action: null };
    if (this.#lastRunEvent === '') report({ event: 'thread.run.created', data: queued });
    if (this.#lastRunEvent === 'thread.run.created') report({ event: 'thread.run.queued', data: queued });
    if (this.#lastRunEvent === 'thread.run.queued' && run.object.started_at !== null) {
      report({
        event: 'thread.run.in_progress',
        data: { ...queued, status: 'in_progress', started_at: run.object.started_at },
      });
    }
    // A stream that began in the middle of its run (with submitted outputs) says nothing of what was before.
    let before = this.#lastRunEvent !== '' && !this.#createdSeen;
    for (const step of steps) {
      const { object } = step;
      before &&= ![...this.#seen].some((key) => key.endsWith(` ${object.id}`));
      if (before) continue;
      const details = object.step_details;
      report({ event: 'thread.run.step.created', data: { ...object, ...open } });
      report({ event: 'thread.run.step.in_progress', data: { ...object, ...open } });
      const message =
        details.type === 'message_creation' &&
        messages.find((one) => one.object.id === details.message_creation.message_id);
      if (message) {
        const begun = {
          ...message.object,
          status: 'in_progress' as const,
          content: [],
          completed_at: null,
          incomplete_at: null,
          incomplete_details: null,
        };
        report({ event: 'thread.message.created', data: begun });
        report({ event: 'thread.message.in_progress', data: begun });
        if (message.object.status !== 'in_progress') {
          report({ event: `thread.message.${message.object.status}`, data: message.object });
        }
      }
      if (object.status !== 'in_progress')
        report({ event: `thread.run.step.${object.status}`, data: object });
    }
    const { status } = run.object;
    if (
      this.#lastRunEvent === 'thread.run.requires_action' &&
      (status === 'queued' || status === 'in_progress')
    ) {
      report({ event: 'thread.run.queued', data: queued });
      report({ event: 'thread.run.in_progress', data: { ...run.object, status: 'in_progress' } });
    }
    if (status === 'requires_action' || isTerminal(status)) {
      report({ event: `thread.run.${status}`, data: run.object } as RunEvent);
    }
    return missing;
  }

  /** What was reported of unfinished work. */
  sent({ messageId, stepIds }: UnsavedIds): Sent {
    const calls: readonly SentCall[] =
      stepIds.map((id) => this.#calls.get(id)).find((known) => known !== undefined) ?? [];
    return { text: this.#texts.get(messageId) ?? '', calls };
  }

  #noteText({ id, delta }: Extract<RunEvent, { event: 'thread.message.delta' }>['data']): void {
    for (const part of delta.content ?? []) {
      const piece =
        part.type === 'text' ? part.text?.value : part.type === 'refusal' ? part.refusal : undefined;
      if (piece) this.#texts.set(id, (this.#texts.get(id) ?? '') + piece);
    }
  }

  #noteCalls({ id, delta }: Extract<RunEvent, { event: 'thread.run.step.delta' }>['data']): void {
    const details = delta.step_details;
    if (details?.type !== 'tool_calls') return;
    const calls = this.#calls.get(id) ?? [];
    this.#calls.set(id, calls);
    for (const call of details.tool_calls ?? []) {
      calls[call.index] ??= { input: '', outputs: [] };
      const known = calls[call.index]!;
      if (call.type === 'function') known.input += call.function?.arguments ?? '';
      if (call.type !== 'code_interpreter') continue;
      known.input += call.code_interpreter?.input ?? '';
      for (const output of call.code_interpreter?.outputs ?? []) {
        known.outputs[output.index] ??= { type: output.type, text: '' };
        known.outputs[output.index]!.text +=
          output.type === 'logs' ? (output.logs ?? '') : (output.image?.file_id ?? '');
      }
    }
  }
}

/** A step as it was when it began. */
const open = {
  status: 'in_progress' as const,
  completed_at: null,
  cancelled_at: null,
  expired_at: null,
  failed_at: null,
  last_error: null,
  usage: null,
};

const isRunEvent = (event: RunEvent): boolean =>
  event.event.startsWith('thread.run.') && !event.event.startsWith('thread.run.step.');
