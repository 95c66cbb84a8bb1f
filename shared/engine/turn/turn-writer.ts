import type { MessageRecord } from '../../api/message.ts';
import type { RunRecord } from '../../api/run.ts';
import type { RunStepRecord } from '../../api/run-step.ts';
import { newId } from '../../ids.ts';
import type { ModelDelta } from '../../model/model.ts';
import {
  annotationsDelta,
  callDelta,
  contentDelta,
  inputDelta,
  refusalDelta,
  textDelta,
} from '../../run/delta-events.ts';
import { messageEvent, stepEvent } from '../../run/end-run.ts';
import type { RunEvent } from '../../run/run-event.ts';
import {
  completedMessage,
  completedStep,
  isOpen,
  newAssistantMessage,
  newStep,
  pendingImages,
} from '../../run/steps.ts';
import { messageChangesOf } from '../../store/message-rows.ts';
import { stepChange } from '../../store/run-steps.ts';
import type { Change } from '../../store/table.ts';
import type { RunContext } from '../claim/run-context.ts';
import { annotated } from './annotate.ts';
import { AnswerText, type TextPiece } from './answer-text.ts';
import { type CallDraft, draftCall } from './call-draft.ts';

type Content = MessageRecord['object']['content'];

/** A model answer as far as it is written, in the order of its steps. */
export interface Turn {
  readonly message: MessageRecord | undefined;
  readonly messageStep: RunStepRecord | undefined;
  readonly toolStep: RunStepRecord | undefined;
}

/**
 * One model answer as it arrives: grows the message and the tool step in the run's context and reports each
 * piece to the stream at once. Saved by whoever called the model, when the answer is complete.
 *
 * Steps follow one another, also in the stream: where tools are called after some text, its message is
 * completed and saved first, and what comes meanwhile waits those few milliseconds.
 */
export class TurnWriter {
  readonly #context: RunContext;
  /** Calls by the model's number for them, in the order in which they were announced. */
  readonly #calls = new Map<number, { readonly draft: CallDraft; readonly position: number }>();
  #text = new AnswerText();
  /** Text after the first tool call. */
  #late = '';
  /** The answer's message is complete: what an attempt after that says in its place is not taken. */
  #messageDone: boolean;
  #saving: Promise<void> | undefined;
  #brokeOff = false;
  /** What is to be told when the message before it is saved. */
  #held: (() => void)[] | undefined;

  constructor(context: RunContext) {
    this.#context = context;
    this.#messageDone = context.run.work.halfTurn ?? false;
  }

  get hasCalls(): boolean {
    return this.#calls.size > 0;
  }

  /** An attempt broke off. What it wrote stands until the next one writes something. */
  restart(): void {
    this.#brokeOff = true;
  }

  write(delta: ModelDelta): void {
    if (this.#brokeOff) this.#forget();
    switch (delta.type) {
      case 'text':
      case 'refusal':
        this.#writeText(delta.type, delta.text);
        break;
      case 'tool-call':
        this.#writeCall(delta);
        break;
      case 'usage':
      case 'finish':
        break;
    }
  }

  /** Completes the answer: at least a message, though it be empty, where no tool is called. */
  async complete(): Promise<Turn> {
    if (this.#brokeOff) this.#forget();
    if (!this.hasCalls && !this.#messageDone) {
      const message = this.#openMessage() ?? this.#beginMessage();
      this.#tellText(message, this.#text.rest(this.#images().length === 0));
    }
    for (const { draft, position } of this.#calls.values()) {
      const rest = draft.finish();
      const step = this.#openStep('tool_calls');
      if (step && rest !== '') this.#emit(inputDelta(step.object.id, position, draft.type, rest));
    }
    const message = this.#messageDone ? undefined : this.#writtenMessage();
    if (message) this.#annotate(message);
    this.#putCalls();
    await this.#saving;
    const turn = {
      message: this.#openMessage(),
      messageStep: this.#openStep('message_creation'),
      toolStep: this.#openStep('tool_calls'),
    };
    if (this.hasCalls && this.#late.trim() !== '') this.#addLateMessage();
    return turn;
  }

  /** Keeps what there is of an answer that will not be completed. */
  async keep(): Promise<void> {
    await this.#saving?.catch(() => undefined);
    // Never saved and never told.
    if (this.#held) this.#context.dropStep(this.#openStep('tool_calls'));
    this.#putCalls();
    this.#writtenMessage();
  }

  /** Forgets the attempt that broke off; the stream is not told the same again. */
  #forget(): void {
    this.#brokeOff = false;
    this.#text = new AnswerText();
    this.#late = '';
    this.#calls.clear();
    this.#context.dropStep(this.#openStep('tool_calls'));
    // Nobody was told of a message, and none was saved: the next attempt may have none.
    if (!this.#context.run.work.stream) this.#context.dropMessage(this.#openMessage());
    this.#tell(() => this.#context.sink.restart());
  }

  #writeText(type: 'text' | 'refusal', piece: string): void {
    if (this.hasCalls) this.#late += piece;
    else if (!this.#messageDone) {
      const text = this.#text.add(type, piece);
      if (text) this.#tellText(this.#openMessage() ?? this.#beginMessage(), text);
    }
  }

  #tellText({ object: { id } }: MessageRecord, piece: TextPiece | undefined): void {
    if (!piece) return;
    const { type, text, part, first } = piece;
    const index = pendingImages(this.#context.steps).length + part;
    this.#emit(type === 'text' ? textDelta(id, index, text, first) : refusalDelta(id, index, text));
  }

  #writeCall(delta: Extract<ModelDelta, { type: 'tool-call' }>): void {
    const { run, dependencies } = this.#context;
    const open = this.#openMessage();
    if (open && !this.hasCalls && run.work.stream) this.#closeMessage();
    const step = this.#openStep('tool_calls') ?? this.#beginStep({ type: 'tool_calls', tool_calls: [] });
    const known = this.#calls.get(delta.index);
    if (known) {
      const fresh = known.draft.push(delta.arguments);
      if (fresh !== '') this.#emit(inputDelta(step.object.id, known.position, known.draft.type, fresh));
      return;
    }
    const id = delta.id ?? newId('call', dependencies.clock.now());
    const draft = draftCall(id, delta.name ?? '', run);
    const position = this.#calls.size;
    this.#calls.set(delta.index, { draft, position });
    this.#emit(callDelta(step.object.id, position, draft.snapshot()));
    const begun = draft.push(delta.arguments);
    if (begun !== '') this.#emit(inputDelta(step.object.id, position, draft.type, begun));
  }

  #beginStep(details: RunStepRecord['object']['step_details']): RunStepRecord {
    const { run, steps } = this.#context;
    const step = newStep(run, steps.length, details, this.#context.now());
    this.#context.putStep(step);
    this.#emit({ event: 'thread.run.step.created', data: step.object });
    this.#emit({ event: 'thread.run.step.in_progress', data: step.object });
    return step;
  }

  #beginMessage(): MessageRecord {
    const { run, steps } = this.#context;
    const message = newAssistantMessage(run, steps.length, this.#context.now());
    const { id } = message.object;
    const step = this.#beginStep({ type: 'message_creation', message_creation: { message_id: id } });
    this.#emit({ event: 'thread.message.created', data: message.object });
    this.#emit({ event: 'thread.message.in_progress', data: message.object });
    const images = this.#images();
    images.forEach((part, index) => this.#emit(contentDelta(id, index, part)));
    const begun = { ...message, object: { ...message.object, content: images } };
    this.#context.putMessage(begun);
    // In a streamed run the message's id leads somewhere from the start.
    if (run.work.stream) this.#save((record) => record, [...messageChangesOf(begun), stepChange(step)]);
    return begun;
  }

  /** Completes the message before the first call of a tool. */
  #closeMessage(): void {
    const written = this.#writtenMessage();
    const step = this.#openStep('message_creation');
    if (!written || !step) return;
    const now = this.#context.now();
    const message = completedMessage(this.#annotate(written), now);
    const done = completedStep(step, now);
    this.#messageDone = true;
    const held: (() => void)[] = [];
    this.#held = held;
    const half = (record: RunRecord) => ({ ...record, work: { ...record.work, halfTurn: true } });
    this.#save(half, [...messageChangesOf(message), stepChange(done)], () => {
      this.#context.putMessage(message);
      this.#context.putStep(done);
      this.#context.sink.emit(messageEvent(message));
      this.#context.sink.emit(stepEvent(done));
      this.#held = undefined;
      for (const tell of held) tell();
    });
  }

  /** A message that came after calls stands behind their step, and is told when that is complete. */
  #addLateMessage(): void {
    const { run, steps } = this.#context;
    const now = this.#context.now();
    const message = newAssistantMessage(run, steps.length, now);
    const details = {
      type: 'message_creation' as const,
      message_creation: { message_id: message.object.id },
    };
    const content: Content = [{ type: 'text', text: { value: this.#late.trim(), annotations: [] } }];
    const whole = { ...message, object: { ...message.object, content } };
    const step = completedStep(newStep(run, steps.length, details, now), now);
    this.#context.putStep({ ...step, late: true });
    this.#context.putMessage(completedMessage(annotated(this.#context, whole), now));
    this.#context.untold = true;
  }

  #save(
    change: (record: RunRecord) => RunRecord,
    changes: readonly Change[],
    saved: () => void = () => {},
  ): void {
    const before = this.#saving ?? Promise.resolve();
    this.#saving = before.then(() => this.#context.claimed.save(change, changes)).then(saved);
    // Awaited when the answer is complete; until then a failure must not count as unhandled.
    this.#saving.catch(() => undefined);
  }

  /** The open message with all that is written of it. */
  #writtenMessage(): MessageRecord | undefined {
    const open = this.#openMessage();
    if (!open || this.#messageDone) return open;
    const content = [...this.#images(), ...this.#text.content()];
    const message = { ...open, object: { ...open.object, content } };
    this.#context.putMessage(message);
    return message;
  }

  /** Adds annotations, and reports them. */
  #annotate(message: MessageRecord): MessageRecord {
    const whole = annotated(this.#context, message);
    this.#context.putMessage(whole);
    whole.object.content.forEach((part, index) => {
      if (part.type !== 'text' || part.text.annotations.length === 0) return;
      this.#emit(annotationsDelta(message.object.id, index, part.text.annotations));
    });
    return whole;
  }

  #putCalls(): void {
    const step = this.#openStep('tool_calls');
    if (!step || !this.hasCalls) return;
    const tool_calls = [...this.#calls.values()].map(({ draft }) => draft.snapshot());
    const step_details = { type: 'tool_calls' as const, tool_calls };
    this.#context.putStep({ ...step, object: { ...step.object, step_details } });
  }

  #emit(event: RunEvent): void {
    this.#tell(() => this.#context.sink.emit(event));
  }

  #tell(tell: () => void): void {
    if (this.#held) this.#held.push(tell);
    else tell();
  }

  #images(): Content {
    return pendingImages(this.#context.steps).map((file_id) => ({
      type: 'image_file',
      image_file: { file_id },
    }));
  }

  #openMessage(): MessageRecord | undefined {
    return this.#context.messages.find(({ object }) => object.status === 'in_progress');
  }

  #openStep(type: 'tool_calls' | 'message_creation'): RunStepRecord | undefined {
    return this.#context.steps.find((step) => isOpen(step) && step.object.type === type);
  }
}
