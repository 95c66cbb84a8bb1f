import { setTimeout as delay } from 'node:timers/promises';
import { SECOND } from '../../clock.ts';
import { type FinishReason, ModelError, type ModelRequest, type Usage } from '../../model/model.ts';
import type { RunEnd } from '../../run/decide.ts';
import { progressed } from '../../run/run-changes.ts';
import { completedMessage, completedStep } from '../../run/steps.ts';
import { stepChange } from '../../store/run-steps.ts';
import type { Change } from '../../store/table.ts';
import { workspaceChange } from '../../store/workspace.ts';
import type { RunContext } from '../claim/run-context.ts';
import { buildRequest } from '../prompt/model-request.ts';
import { Patience } from './patience.ts';
import { type Turn, TurnWriter } from './turn-writer.ts';

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
  if (context.savedUntold) context.sink.catchUp(context);
  context.savedUntold = false;
  const request = await nextRequest(context);
  if ('end' in request) return request.end;
  const writer = new TurnWriter(context, await context.citables());
  try {
    const answer = await askPatiently(context, request.request, writer);
    return await settle(context, writer, answer);
  } catch (error) {
    await writer.keep();
    if (!(error instanceof ModelError)) throw error;
    logFailure(context, error);
    return endOf(error);
  }
}

async function nextRequest(context: RunContext) {
  const { run, steps, messages, images, contextTokens } = context;
  const { files } = context.dependencies.stores;
  const history = await context.history();
  const workspace = await context.loadWorkspace(history);
  return buildRequest({ run, history, steps, messages, workspace, contextTokens, images, files });
}

/**
 * A prompt that a filter took offence at left the hosted API's runs `incomplete` (Azure: microsoft/semantic-kernel#9672,
 * #9729, #12752), with the reason that its callers read there. The filter's own words stand beside it, for those who
 * look for them (promptfoo reads `last_error`).
 */
function endOf({ code, message, filtered, retryAfterMs }: ModelError): RunEnd {
  const lastError = { code, message: withTime(message, retryAfterMs) };
  if (filtered) return { status: 'incomplete', incompleteReason: 'content_filter', lastError };
  return { status: 'failed', lastError };
}

/** When to come back, in the words in which the hosted API said it: programs read the number out of them. */
function withTime(message: string, retryAfterMs: number | undefined): string {
  if (retryAfterMs === undefined || /try again in/i.test(message)) return message;
  return `${message} Please try again in ${Math.ceil(retryAfterMs / SECOND)}s.`;
}

/** Of the model's words nothing: they quote the request. What it said is in the run's `last_error`. */
function logFailure({ dependencies: { log }, run }: RunContext, { code, sign }: ModelError): void {
  const fields = { run: run.object.id, thread: run.object.thread_id, code, sign };
  // A prompt that the model does not take is its author's business.
  if (code === 'invalid_prompt') log.info('the model refused a prompt', fields);
  else log.error('the model failed a run', fields);
}

async function askPatiently(context: RunContext, request: ModelRequest, writer: TurnWriter): Promise<Answer> {
  const { log, clock, config } = context.dependencies;
  const patience = new Patience(clock, config.modelPatienceMs);
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask(context, request, writer, patience);
    } catch (error) {
      if (context.claimed.signal.aborted) throw context.claimed.signal.reason;
      if (!(error instanceof ModelError)) throw error;
      const wait = patience.waitAfter(error);
      if (wait === undefined || !fitsBeforeExpiry(context, wait)) throw error;
      log.warn('model call failed, trying again', {
        run: context.run.object.id,
        attempt,
        waitMs: Math.round(wait),
        code: error.code,
        sign: error.sign,
      });
      await delay(wait, undefined, { signal: context.claimed.signal }).catch(() => {
        throw context.claimed.signal.reason;
      });
      writer.restart();
    }
  }
}

async function ask(
  context: RunContext,
  request: ModelRequest,
  writer: TurnWriter,
  patience: Patience,
): Promise<Answer> {
  const { model, crash } = context.dependencies;
  let finish: FinishReason | undefined;
  let usage: Usage | undefined;
  for await (const delta of model.complete(request, context.claimed.signal)) {
    if (delta.type === 'finish') finish = delta.reason;
    else if (delta.type === 'usage') usage = delta.usage;
    else {
      patience.heard();
      writer.write(delta);
      crash('mid-stream');
    }
  }
  if (context.claimed.signal.aborted) throw context.claimed.signal.reason;
  if (!finish)
    throw new ModelError('The model stopped before its answer was complete.', {
      code: 'server_error',
      retryable: true,
      sign: 'broken off',
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
  const turn = await writer.complete();
  const tokens = usage ?? { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
  const usageStep = turn.toolStep ?? turn.messageStep;
  if (usageStep) context.putStep({ ...usageStep, object: { ...usageStep.object, usage: tokens } });
  context.tokens = tokens;
  if (finish === 'length') return { status: 'incomplete', incompleteReason: 'max_completion_tokens' };
  if (cut) return { status: 'incomplete', incompleteReason: 'content_filter' };
  if (!turn.toolStep) return { status: 'completed' };
  await saveToolTurn(context, turn);
  return undefined;
}

async function saveToolTurn(context: RunContext, { message, messageStep, toolStep }: Turn): Promise<void> {
  const now = context.now();
  if (message) context.putMessage(completedMessage(message, now));
  if (messageStep) context.putStep(completedStep(messageStep, now));
  const first = messageStep ?? toolStep;
  const steps = context.steps.slice(context.steps.findIndex(({ object }) => object.id === first?.object.id));
  const ids = steps.map(({ object: { step_details: details } }) =>
    details.type === 'message_creation' ? details.message_creation.message_id : undefined,
  );
  const messages = context.messages.filter(({ object }) => ids.includes(object.id));
  const others: Change[] = steps.map(stepChange);
  // Names given to uploaded files stay, whatever becomes of this worker.
  if (context.workspace && Object.keys(context.workspace.inputs).length > 0)
    others.push(workspaceChange(context.workspace));
  // Counted once, however often storage makes this be tried.
  const { usage, modelCalls } = context.countTurn(context.run).work;
  await context.claimed.save(
    (record) => progressed({ ...record, work: { ...record.work, usage, modelCalls, halfTurn: false } }),
    () => [...context.written.changes(messages), ...others],
  );
  context.written.noteSaved(messages);
  context.dependencies.crash('after-turn-saved');
  context.nextTurn();
}

function fitsBeforeExpiry(context: RunContext, waitMs: number): boolean {
  const { expires_at } = context.run.object;
  return expires_at === null || context.dependencies.clock.now() + waitMs < expires_at * SECOND;
}
