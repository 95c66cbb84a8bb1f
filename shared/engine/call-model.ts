import { setTimeout as delay } from 'node:timers/promises';
import type { MessageRecord } from '../api/message.ts';
import type { RunStepRecord } from '../api/run-step.ts';
import { SECOND } from '../clock.ts';
import { sortKeyOf } from '../ids.ts';
import { type FinishReason, ModelError, type ModelRequest, type Usage } from '../model/model.ts';
import { ascendingKey, messageKeys } from '../store/keys.ts';
import { messageOverwrite } from '../store/messages.ts';
import { stepChange } from '../store/run-steps.ts';
import type { Change } from '../store/table.ts';
import { workspaceChange } from '../store/workspace.ts';
import type { RunEnd } from './decide.ts';
import { filePathAnnotations } from './file-paths.ts';
import { messageEvent, stepEvent } from './finish.ts';
import { buildRequest } from './model-request.ts';
import type { RunContext } from './run-context.ts';
import { TurnWriter } from './turn-writer.ts';

/** First wait before a repeated call; doubles each time. */
const BACKOFF_MS = SECOND / 2;
const MAX_BACKOFF_MS = 30 * SECOND;
/** Attempts at a model that cannot be reached or fails: about 15 s. A model that asks for patience gets it. */
const MAX_ATTEMPTS = 6;

interface Answer {
  readonly finish: FinishReason;
  readonly usage: Usage | undefined;
}

/**
 * One model turn: asks, streams, and saves what came back before anything acts on it. Returns how the run
 * ends when the turn ends it; undefined when the run goes on.
 * @throws {Interruption}
 */
export async function callModel(context: RunContext): Promise<RunEnd | undefined> {
  const request = await buildRequest(context);
  if ('end' in request) return request.end;
  const writer = new TurnWriter(context);
  try {
    const answer = await askPatiently(context, request.request, writer);
    await writer.settled();
    return await settle(context, writer, answer);
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    return { status: 'failed', lastError: { code: error.code, message: error.message } };
  }
}

async function askPatiently(context: RunContext, request: ModelRequest, writer: TurnWriter): Promise<Answer> {
  const { log } = context.dependencies;
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask(context, request, writer);
    } catch (error) {
      if (context.claimed.signal.aborted) throw context.claimed.signal.reason;
      if (!(error instanceof ModelError) || !error.retryable) throw error;
      const wait =
        error.retryAfterMs ??
        Math.min(MAX_BACKOFF_MS, BACKOFF_MS * 2 ** (attempt - 1)) * (0.5 + Math.random());
      const patient = error.code === 'rate_limit_exceeded' || attempt < MAX_ATTEMPTS;
      if (!patient || !fitsBeforeExpiry(context, wait)) throw error;
      log.warn('model call failed, trying again', {
        run: context.run.object.id,
        attempt,
        waitMs: Math.round(wait),
        code: error.code,
      });
      await delay(wait, undefined, { signal: context.claimed.signal }).catch(() => {
        throw context.claimed.signal.reason;
      });
      writer.restart();
    }
  }
}

async function ask(context: RunContext, request: ModelRequest, writer: TurnWriter): Promise<Answer> {
  const { model, crash } = context.dependencies;
  let finish: FinishReason | undefined;
  let usage: Usage | undefined;
  for await (const delta of model.complete(request, context.claimed.signal)) {
    if (delta.type === 'finish') finish = delta.reason;
    else if (delta.type === 'usage') usage = delta.usage;
    else {
      writer.write(delta);
      crash('mid-stream');
    }
  }
  if (context.claimed.signal.aborted) throw context.claimed.signal.reason;
  if (!finish)
    throw new ModelError('The model stopped before its answer was complete.', {
      code: 'server_error',
      retryable: true,
    });
  return { finish, usage };
}

/** Saves the turn: either its tool calls, to be run next, or the answer that ends the run. */
async function settle(
  context: RunContext,
  writer: TurnWriter,
  { finish, usage }: Answer,
): Promise<RunEnd | undefined> {
  const cut = finish === 'length' || finish === 'content_filter';
  const callsTools = writer.hasCalls && !cut;
  if (!callsTools) writer.ensureMessage();
  const tokens = usage ?? { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
  let message = writer.message();
  if (message) message = annotate(context, message);
  const messageStep = writer.messageStep();
  const toolStep = callsTools ? writer.toolStep() : undefined;
  const usageStep = toolStep ?? messageStep;
  if (usageStep) context.putStep({ ...usageStep, object: { ...usageStep.object, usage: tokens } });
  context.tokens = tokens;
  if (!callsTools) {
    if (finish === 'length') return { status: 'incomplete', incompleteReason: 'max_completion_tokens' };
    if (finish === 'content_filter') return { status: 'incomplete', incompleteReason: 'content_filter' };
    return { status: 'completed' };
  }
  await saveToolTurn(context, message, messageStep, toolStep);
  return undefined;
}

async function saveToolTurn(
  context: RunContext,
  message: MessageRecord | undefined,
  messageStep: RunStepRecord | undefined,
  toolStep: RunStepRecord | undefined,
): Promise<void> {
  const now = context.now();
  const changes: Change[] = [];
  if (message && messageStep) {
    const completed: MessageRecord = {
      ...message,
      object: { ...message.object, status: 'completed', completed_at: now },
    };
    const completedStep: RunStepRecord = {
      ...messageStep,
      object: { ...messageStep.object, status: 'completed', completed_at: now },
    };
    context.putMessage(completed);
    context.putStep(completedStep);
    changes.push(...messageChangesOf(completed), stepChange(completedStep));
  }
  const step = context.steps.find(({ object }) => object.id === toolStep?.object.id);
  if (step) changes.push(stepChange(step));
  // Names given to uploaded files stay, whatever becomes of this worker.
  if (context.workspace && Object.keys(context.workspace.inputs).length > 0)
    changes.push(workspaceChange(context.workspace));
  await context.claimed.save((record) => context.countTurn(record), changes);
  context.dependencies.crash('after-turn-saved');
  if (message && messageStep) {
    const saved = context.messages.find(({ object }) => object.id === message.object.id);
    const savedStep = context.steps.find(({ object }) => object.id === messageStep.object.id);
    if (saved) context.sink.emit(messageEvent(saved));
    if (savedStep) context.sink.emit(stepEvent(savedStep));
  }
  context.resetGates();
}

/** Message rows that may have been saved early already. */
export function messageChangesOf(message: MessageRecord): Change[] {
  const sortKey = sortKeyOf(message.object.id) ?? '';
  return [
    messageOverwrite(message),
    { type: 'upsert', key: ascendingKey(messageKeys, sortKey), document: null },
  ];
}

/** Adds `file_path` annotations for files that code wrote, and reports them to the stream. */
function annotate(context: RunContext, message: MessageRecord): MessageRecord {
  const files = new Map(
    Object.entries(context.workspace?.files ?? {}).map(([path, file]) => [path, file.fileId]),
  );
  if (files.size === 0) return message;
  const content = message.object.content.map((part, index) => {
    if (part.type !== 'text') return part;
    const annotations = filePathAnnotations(part.text.value, files);
    if (annotations.length > 0) {
      context.sink.emit({
        event: 'thread.message.delta',
        data: {
          id: message.object.id,
          object: 'thread.message.delta',
          delta: {
            content: [
              {
                index,
                type: 'text',
                text: { annotations: annotations.map((annotation, i) => ({ ...annotation, index: i })) },
              },
            ],
          },
        },
      });
    }
    return { ...part, text: { ...part.text, annotations } };
  });
  const annotated = { ...message, object: { ...message.object, content } };
  context.putMessage(annotated);
  return annotated;
}

function fitsBeforeExpiry(context: RunContext, waitMs: number): boolean {
  const { expires_at } = context.run.object;
  return expires_at === null || context.dependencies.clock.now() + waitMs < expires_at * SECOND;
}
