import type { MessageRecord } from '../api/message.ts';
import type { RunStepRecord, ToolCall } from '../api/run-step.ts';
import { newId, sortKeyOf } from '../ids.ts';
import type { ModelDelta } from '../model/model.ts';
import { ascendingKey, messageKeys } from '../store/keys.ts';
import { messageOverwrite } from '../store/messages.ts';
import { stepChange } from '../store/run-steps.ts';
import { type CallDraft, draftCall } from './call-draft.ts';
import { DeltaGate } from './delta-gate.ts';
import type { RunContext } from './run-context.ts';
import { isOpen, newAssistantMessage, newStep, pendingImages } from './steps.ts';

type MessagePart = MessageRecord['object']['content'][number];

/**
 * One model answer as it arrives: grows the message and the tool step in the run's context and reports each
 * piece to the stream at once. Saved by whoever called the model, when the answer is complete.
 */
export class TurnWriter {
  readonly #context: RunContext;
  readonly #calls: CallDraft[] = [];
  #text = '';
  #refusal = '';
  /** Saves the half-written message of a streamed run, so that its id leads somewhere from the start. */
  #saving: Promise<void> | undefined;

  constructor(context: RunContext) {
    this.#context = context;
  }

  get hasCalls(): boolean {
    return this.#calls.length > 0;
  }

  get text(): string {
    return this.#text;
  }

  /** Forgets an attempt that broke off; the stream is not told the same again. */
  restart(): void {
    this.#text = '';
    this.#refusal = '';
    this.#calls.length = 0;
    this.#context.textGate.restart();
    for (const gate of this.#context.callGates) gate.restart();
  }

  write(delta: ModelDelta): void {
    switch (delta.type) {
      case 'text':
        this.#text += delta.text;
        this.#writeText(delta.text);
        break;
      case 'refusal':
        this.#refusal += delta.text;
        this.#writeText(delta.text);
        break;
      case 'tool-call':
        this.#writeCall(delta);
        break;
      case 'usage':
      case 'finish':
        break;
    }
  }

  /** The message of this answer, if it has one; made when the answer is nothing but earlier figures, too. */
  message(): MessageRecord | undefined {
    const open = this.#openMessage();
    if (!open) return undefined;
    const content = [...imageParts(this.#context), ...this.#textParts()];
    const message = { ...open, object: { ...open.object, content } };
    this.#context.putMessage(message);
    return message;
  }

  /** Makes a message even without text. */
  ensureMessage(): void {
    if (!this.#openMessage()) this.#beginMessage();
  }

  messageStep(): RunStepRecord | undefined {
    return this.#context.steps.find((step) => isOpen(step) && step.object.type === 'message_creation');
  }

  /** The tool step with all calls of the answer, complete. */
  toolStep(): RunStepRecord | undefined {
    const step = this.#openToolStep();
    return step && this.#withCalls(step, (draft) => draft.finish());
  }

  /** Waits for the early save; its failure is the answer's failure. */
  async settled(): Promise<void> {
    await this.#saving;
  }

  #writeText(piece: string): void {
    if (!this.#openMessage()) this.#beginMessage();
    const fresh = this.#context.textGate.pass(piece);
    const message = this.message();
    if (fresh === '' || !message) return;
    const index = imageParts(this.#context).length;
    const part = this.#text === '' ? refusalDelta(index, fresh) : textDelta(index, fresh);
    this.#context.sink.emit({
      event: 'thread.message.delta',
      data: { id: message.object.id, object: 'thread.message.delta', delta: { content: [part] } },
    });
  }

  #writeCall(delta: Extract<ModelDelta, { type: 'tool-call' }>): void {
    const { sink, run, steps, now } = this.#bound();
    let step = this.#openToolStep();
    if (!step) {
      step = newStep(run, steps.length, { type: 'tool_calls', tool_calls: [] }, now);
      this.#context.putStep(step);
      sink.emit({ event: 'thread.run.step.created', data: step.object });
      sink.emit({ event: 'thread.run.step.in_progress', data: step.object });
    }
    let draft = this.#calls[delta.index];
    let first = false;
    if (!draft) {
      const number = this.#calls.length;
      draft = draftCall(
        delta.id ?? newId('call', this.#context.dependencies.clock.now()),
        delta.name ?? '',
        run,
      );
      this.#calls[delta.index] = draft;
      first = this.#context.callGates[number] === undefined;
      this.#context.callGates[number] ??= new DeltaGate();
    }
    const position = Object.keys(this.#calls).indexOf(String(delta.index));
    const fresh = this.#context.callGates[position]?.pass(draft.push(delta.arguments)) ?? '';
    const updated = this.#withCalls(step, (call) => call.snapshot());
    if (!first && fresh === '') return;
    sink.emit({
      event: 'thread.run.step.delta',
      data: {
        id: updated.object.id,
        object: 'thread.run.step.delta',
        delta: { step_details: { type: 'tool_calls', tool_calls: [draft.delta(position, fresh, first)] } },
      },
    });
  }

  #beginMessage(): void {
    const { sink, run, steps, now } = this.#bound();
    const message = newAssistantMessage(run, steps.length, now);
    const details = {
      type: 'message_creation' as const,
      message_creation: { message_id: message.object.id },
    };
    const step = newStep(run, steps.length, details, now);
    this.#context.putStep(step);
    this.#context.putMessage(message);
    sink.emit({ event: 'thread.run.step.created', data: step.object });
    sink.emit({ event: 'thread.run.step.in_progress', data: step.object });
    sink.emit({ event: 'thread.message.created', data: message.object });
    sink.emit({ event: 'thread.message.in_progress', data: message.object });
    imageParts(this.#context).forEach((part, index) => {
      sink.emit({
        event: 'thread.message.delta',
        data: {
          id: message.object.id,
          object: 'thread.message.delta',
          delta: { content: [{ ...part, index }] },
        },
      });
    });
    if (!run.work.stream) return;
    const pointer = {
      type: 'upsert',
      key: ascendingKey(messageKeys, sortKeyOf(message.object.id) ?? ''),
      document: null,
    } as const;
    this.#saving = this.#context.claimed.save(
      (record) => record,
      [messageOverwrite(message), pointer, stepChange(step)],
    );
    // Awaited by settled(); until then a failure must not count as unhandled.
    this.#saving.catch(() => undefined);
  }

  #withCalls(step: RunStepRecord, read: (draft: CallDraft) => ToolCall): RunStepRecord {
    const calls = this.#calls.filter((draft) => draft !== undefined).map(read);
    const updated: RunStepRecord = {
      ...step,
      object: { ...step.object, step_details: { type: 'tool_calls', tool_calls: calls } },
    };
    this.#context.putStep(updated);
    return updated;
  }

  #textParts(): MessagePart[] {
    if (this.#text === '' && this.#refusal !== '') return [{ type: 'refusal', refusal: this.#refusal }];
    return this.#text === '' ? [] : [{ type: 'text', text: { value: this.#text, annotations: [] } }];
  }

  #openMessage(): MessageRecord | undefined {
    return this.#context.messages.find(({ object }) => object.status === 'in_progress');
  }

  #openToolStep(): RunStepRecord | undefined {
    return this.#context.steps.find((step) => isOpen(step) && step.object.type === 'tool_calls');
  }

  #bound() {
    const { sink, run, steps } = this.#context;
    return { sink, run, steps, now: this.#context.now() };
  }
}

type ImagePart = Extract<MessagePart, { type: 'image_file' }>;

const imageParts = (context: RunContext): ImagePart[] =>
  pendingImages(context.steps).map((file_id) => ({ type: 'image_file', image_file: { file_id } }));

const textDelta = (index: number, value: string) => ({ index, type: 'text' as const, text: { value } });
const refusalDelta = (index: number, refusal: string) => ({ index, type: 'refusal' as const, refusal });
