import type { MessageRecord } from '../../api/message.ts';
import type { RunStepRecord } from '../../api/run-step.ts';
import { newId } from '../../ids.ts';
import type { ModelDelta } from '../../model/model.ts';
import type { Citable } from '../../run/citations.ts';
import {
  completedMessage,
  completedStep,
  isOpen,
  newAssistantMessage,
  newStep,
  pendingImages,
} from '../../run/steps.ts';
import type { RunContext } from '../claim/run-context.ts';
import { annotated } from './annotate.ts';
import { AnswerText, type TextPiece } from './answer-text.ts';
import { type CallDraft, draftCall } from './call-draft.ts';

type Content = MessageRecord['object']['content'];
type CallDelta = Extract<ModelDelta, { type: 'tool-call' }>;

/** A call, and its place in its step. */
export interface PlacedCall {
  readonly draft: CallDraft;
  readonly position: number;
}

/**
 * The records of one model answer while it is written: its message and its step of calls, as they grow in the
 * run's context. Tells and saves nothing.
 */
export class TurnDraft {
  readonly #context: RunContext;
  readonly #citables: readonly Citable[];
  /** Calls by the model's number for them, in the order in which they were announced. */
  readonly #calls = new Map<number, PlacedCall>();
  #text = new AnswerText();
  /** Text after the first call of a tool. */
  #late = '';

  /** @param citables what its text may cite */
  constructor(context: RunContext, citables: readonly Citable[]) {
    this.#context = context;
    this.#citables = citables;
  }

  get calls(): readonly PlacedCall[] {
    return [...this.#calls.values()];
  }

  get hasCalls(): boolean {
    return this.#calls.size > 0;
  }

  get message(): MessageRecord | undefined {
    return this.#context.messages.find(({ object }) => object.status === 'in_progress');
  }

  get messageStep(): RunStepRecord | undefined {
    return this.#openStep('message_creation');
  }

  get toolStep(): RunStepRecord | undefined {
    return this.#openStep('tool_calls');
  }

  /** Where the next part of the message's text stands: behind the figures that open it. */
  partOf(piece: TextPiece): number {
    return pendingImages(this.#context.steps).length + piece.part;
  }

  addText(type: 'text' | 'refusal', piece: string): TextPiece | undefined {
    return this.#text.add(type, piece);
  }

  /** What the whole message has beside what was told: a text, empty if need be, unless figures stand in it. */
  restOfText(): TextPiece | undefined {
    return this.#text.rest(this.#images().length === 0);
  }

  addLateText(piece: string): void {
    this.#late += piece;
  }

  knownCall({ index }: CallDelta): PlacedCall | undefined {
    return this.#calls.get(index);
  }

  addCall({ index, id, name }: CallDelta): PlacedCall {
    const { run, dependencies } = this.#context;
    const draft = draftCall(id ?? newId('call', dependencies.clock.now()), name ?? '', run);
    const call = { draft, position: this.#calls.size };
    this.#calls.set(index, call);
    return call;
  }

  beginToolStep(): RunStepRecord {
    return this.#beginStep({ type: 'tool_calls', tool_calls: [] });
  }

  /** The message with the figures of the code before it, and its step. */
  beginMessage(): {
    readonly empty: MessageRecord;
    readonly begun: MessageRecord;
    readonly step: RunStepRecord;
  } {
    const { run, steps } = this.#context;
    const empty = newAssistantMessage(run, steps.length, this.#context.now());
    const step = this.#beginStep({
      type: 'message_creation',
      message_creation: { message_id: empty.object.id },
    });
    const begun = { ...empty, object: { ...empty.object, content: this.#images() } };
    this.#context.putMessage(begun);
    return { empty, begun, step };
  }

  /** Puts all that is written of the message into its record. */
  writeMessage(): MessageRecord | undefined {
    const open = this.message;
    if (!open) return undefined;
    const content = [...this.#images(), ...this.#text.content()];
    const message = { ...open, object: { ...open.object, content } };
    this.#context.putMessage(message);
    return message;
  }

  /** The message with the annotations of its texts. */
  annotate(message: MessageRecord): MessageRecord {
    const whole = annotated(this.#context, message, this.#citables);
    this.#context.putMessage(whole);
    return whole;
  }

  /** Puts all that is written of the calls into their step. */
  writeCalls(): void {
    const step = this.toolStep;
    if (!step || !this.hasCalls) return;
    const tool_calls = this.calls.map(({ draft }) => draft.snapshot());
    const step_details = { type: 'tool_calls' as const, tool_calls };
    const asked = this.calls.flatMap(({ draft }) => {
      const queries = draft.queries?.();
      return queries ? [[draft.snapshot().id, { queries }] as const] : [];
    });
    this.#context.putStep({
      ...step,
      object: { ...step.object, step_details },
      ...(asked.length > 0 ? { searches: Object.fromEntries(asked) } : {}),
    });
  }

  /** A message of what was said after calls: it stands behind their step, complete. False when nothing was. */
  addLateMessage(): boolean {
    if (!this.hasCalls || this.#late.trim() === '') return false;
    const { run, steps } = this.#context;
    const now = this.#context.now();
    const message = newAssistantMessage(run, steps.length, now);
    const message_creation = { message_id: message.object.id };
    const step = newStep(run, steps.length, { type: 'message_creation', message_creation }, now);
    const content: Content = [{ type: 'text', text: { value: this.#late.trim(), annotations: [] } }];
    const whole = { ...message, object: { ...message.object, content } };
    this.#context.putStep({ ...completedStep(step, now), late: true });
    this.#context.putMessage(completedMessage(annotated(this.#context, whole, this.#citables), now));
    return true;
  }

  /** Forgets what was written; also the message, where nobody was told of it and none was saved. */
  forget(): void {
    this.#text = new AnswerText();
    this.#late = '';
    this.#calls.clear();
    this.dropToolStep();
    if (!this.#context.run.work.stream) this.#context.dropMessage(this.message);
  }

  dropToolStep(): void {
    this.#context.dropStep(this.toolStep);
  }

  #beginStep(details: RunStepRecord['object']['step_details']): RunStepRecord {
    const step = newStep(this.#context.run, this.#context.steps.length, details, this.#context.now());
    this.#context.putStep(step);
    return step;
  }

  #images(): Content {
    return pendingImages(this.#context.steps).map((file_id) => ({
      type: 'image_file',
      image_file: { file_id },
    }));
  }

  #openStep(type: 'tool_calls' | 'message_creation'): RunStepRecord | undefined {
    return this.#context.steps.find((step) => isOpen(step) && step.object.type === type);
  }
}
