import type { MessageRecord } from '../../api/message.ts';
import type { RunRecord } from '../../api/run.ts';
import type { RunStepRecord } from '../../api/run-step.ts';
import type { ModelDelta } from '../../model/model.ts';
import type { Citable } from '../../run/citations.ts';
import { annotationsDelta, refusalDelta, textDelta } from '../../run/delta-events.ts';
import { completedMessage, completedStep } from '../../run/steps.ts';
import {
  callBegun,
  callWritten,
  messageBegun,
  stepBegun,
  stepEnded,
  textsAnnotated,
} from '../../run/story.ts';
import { stepChange } from '../../store/run-steps.ts';
import type { RunContext } from '../claim/run-context.ts';
import type { TextPiece } from './answer-text.ts';
import { type CitedPiece, CitedText } from './cited-text.ts';
import { TurnDraft } from './turn-draft.ts';
import { TurnTeller } from './turn-teller.ts';

/** A model answer as far as it is written, in the order of its steps. */
export interface Turn {
  readonly message: MessageRecord | undefined;
  readonly messageStep: RunStepRecord | undefined;
  readonly toolStep: RunStepRecord | undefined;
}

/**
 * One model answer as it arrives: each piece goes into the draft of its records and is told at once. Saved by
 * whoever called the model, when the answer is complete.
 *
 * Steps follow one another, also in the stream: where tools are called after some text, its message is
 * completed and saved first, and what comes meanwhile waits those few milliseconds.
 */
export class TurnWriter {
  readonly #context: RunContext;
  readonly #draft: TurnDraft;
  readonly #teller: TurnTeller;
  readonly #cited: CitedText;
  /** Where the message's text stands in it. */
  #textPart = 0;
  /** The answer's message is complete: what an attempt after that says in its place is not taken. */
  #messageDone: boolean;
  #saving: Promise<void> | undefined;
  #brokeOff = false;

  /** @param citables what its text may cite */
  constructor(context: RunContext, citables: readonly Citable[]) {
    this.#context = context;
    this.#draft = new TurnDraft(context, citables);
    this.#cited = new CitedText(citables);
    this.#teller = new TurnTeller(context.sink);
    this.#messageDone = context.run.work.halfTurn ?? false;
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
    const draft = this.#draft;
    if (!draft.hasCalls && !this.#messageDone) {
      this.#tellText(draft.message ?? this.#beginMessage(), draft.restOfText());
      this.#tellHeldText();
    }
    for (const { draft: call, position } of draft.calls) {
      const rest = call.finish();
      const step = draft.toolStep?.object.id;
      if (step) this.#teller.tell(callWritten(step, position, call.type, rest));
    }
    const message = this.#messageDone ? undefined : draft.writeMessage();
    if (message) this.#teller.tell(textsAnnotated(draft.annotate(message).object, this.#cited.told));
    draft.writeCalls();
    await this.#saving;
    const turn = { message: draft.message, messageStep: draft.messageStep, toolStep: draft.toolStep };
    if (draft.addLateMessage()) this.#context.savedUntold = true;
    return turn;
  }

  /** Keeps what there is of an answer that will not be completed. */
  async keep(): Promise<void> {
    await this.#saving?.catch(() => undefined);
    // Never saved and never told.
    if (this.#teller.holdsBack) this.#draft.dropToolStep();
    this.#draft.writeCalls();
    const message = this.#messageDone ? undefined : this.#draft.writeMessage();
    if (message) this.#draft.annotate(message);
  }

  /** Forgets the attempt that broke off; the stream is not told the same again. */
  #forget(): void {
    this.#brokeOff = false;
    this.#draft.forget();
    this.#cited.forget();
    this.#teller.restart();
  }

  #writeText(type: 'text' | 'refusal', piece: string): void {
    const draft = this.#draft;
    if (draft.hasCalls) draft.addLateText(piece);
    else if (!this.#messageDone) {
      const text = draft.addText(type, piece);
      if (text) this.#tellText(draft.message ?? this.#beginMessage(type === 'text'), text);
    }
  }

  #tellText({ object: { id } }: MessageRecord, piece: TextPiece | undefined): void {
    if (!piece) return;
    const { type, text, first } = piece;
    const part = this.#draft.partOf(piece);
    if (type === 'refusal') this.#teller.tell([refusalDelta(id, part, text)]);
    else if (text === '') this.#teller.tell([textDelta(id, part, text, first)]);
    else {
      this.#textPart = part;
      this.#tellCited(id, part, this.#cited.push(text));
    }
  }

  /** What was held back for a marker that never ended. */
  #tellHeldText(): void {
    const message = this.#draft.message;
    if (message) this.#tellCited(message.object.id, this.#textPart, this.#cited.rest());
  }

  #tellCited(id: string, part: number, pieces: readonly CitedPiece[]): void {
    for (const { text, first, citations, from } of pieces) {
      this.#teller.tell([textDelta(id, part, text, first)]);
      if (citations.length > 0) this.#teller.tell([annotationsDelta(id, part, citations, from)]);
    }
  }

  #writeCall(delta: Extract<ModelDelta, { type: 'tool-call' }>): void {
    const draft = this.#draft;
    if (draft.message && !draft.hasCalls && this.#context.run.work.stream) this.#closeMessage();
    const step = draft.toolStep?.object.id ?? this.#beginToolStep();
    const known = draft.knownCall(delta);
    const call = known ?? draft.addCall(delta);
    if (!known) this.#teller.tell(callBegun(step, call.position, call.draft.snapshot()));
    const written = call.draft.push(delta.arguments);
    this.#teller.tell(callWritten(step, call.position, call.draft.type, written));
  }

  #beginToolStep(): string {
    const { object } = this.#draft.beginToolStep();
    this.#teller.tell(stepBegun(object));
    return object.id;
  }

  #beginMessage(textFollows = false): MessageRecord {
    const { empty, begun, step } = this.#draft.beginMessage();
    this.#teller.tell([
      ...stepBegun(step.object),
      ...messageBegun(empty.object, begun.object.content, textFollows),
    ]);
    // In a streamed run the message's id leads somewhere from the start.
    if (this.#context.run.work.stream) this.#save((record) => record, begun, step);
    return begun;
  }

  /** Completes the message before the first call of a tool. */
  #closeMessage(): void {
    const written = this.#messageDone ? undefined : this.#draft.writeMessage();
    const step = this.#draft.messageStep;
    if (!written || !step) return;
    const now = this.#context.now();
    this.#tellHeldText();
    const annotated = this.#draft.annotate(written);
    this.#teller.tell(textsAnnotated(annotated.object, this.#cited.told));
    const message = completedMessage(annotated, now);
    const done = completedStep(step, now);
    this.#messageDone = true;
    const release = this.#teller.holdBack();
    const half = (record: RunRecord) => ({ ...record, work: { ...record.work, halfTurn: true } });
    this.#save(half, message, done, () => {
      this.#context.putMessage(message);
      this.#context.putStep(done);
      release(stepEnded(done.object, message.object));
    });
  }

  #save(
    change: (record: RunRecord) => RunRecord,
    message: MessageRecord,
    step: RunStepRecord,
    saved: () => void = () => {},
  ): void {
    const context = this.#context;
    const changes = () => [...context.written.changes([message]), stepChange(step)];
    const before = this.#saving ?? Promise.resolve();
    this.#saving = before
      .then(() => context.claimed.save(change, changes))
      .then(() => context.written.noteSaved([message]))
      .then(saved);
    // Awaited when the answer is complete; until then a failure must not count as unhandled.
    this.#saving.catch(() => undefined);
  }
}
