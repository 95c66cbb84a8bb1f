import { unixSeconds } from '../clock.ts';
import type { RunSink } from '../events/run-event.ts';
import { errorFields } from '../log.ts';
import { messageChangesOf } from '../store/messages.ts';
import { stepChange } from '../store/run-steps.ts';
import { callModel } from './call-model.ts';
import type { ClaimedRun } from './claimed-run.ts';
import { decide, type RunEnd } from './decide.ts';
import type { EngineDependencies } from './dependencies.ts';
import { type Ending, endRun } from './finish.ts';
import { Interruption, interruptionOf } from './interruption.ts';
import { release } from './release-run.ts';
import { resumeContext } from './resume-context.ts';
import type { RunContext } from './run-context.ts';
import { completeToolStep, runCode } from './run-tool-calls.ts';
import { waitForOutputs } from './wait-for-outputs.ts';

/**
 * Advances a claimed run until it ends, waits for its caller, or has to be left to another worker: load →
 * decide → act → save, again and again. The only place where a run moves.
 * @throws errors of storage; the run then goes on by its next message
 */
export async function advanceRun(
  dependencies: EngineDependencies,
  claimed: ClaimedRun,
  sink: RunSink,
): Promise<void> {
  const context = await resumeContext(dependencies, claimed, sink).catch((error: unknown) => {
    claimed.stop();
    throw error;
  });
  try {
    await advance(context);
  } catch (error) {
    await leave(context, error);
  } finally {
    claimed.stop();
  }
}

async function advance(context: RunContext): Promise<void> {
  const { dependencies, claimed } = context;
  for (;;) {
    if (claimed.signal.aborted) throw claimed.signal.reason;
    if (dependencies.drain.aborted) throw new Interruption('drain');
    const next = decide(context.run, context.steps, unixSeconds(dependencies.clock.now()));
    switch (next.type) {
      case 'call-model': {
        const end = await callModel(context);
        if (end) return finish(context, end);
        break;
      }
      case 'run-code':
        await runCode(context, next.step, next.call);
        break;
      case 'complete-step':
        await completeToolStep(context, next.step);
        break;
      case 'wait-for-outputs':
        return waitForOutputs(context, next.step, next.calls);
      case 'finish':
        return finish(context, next.end);
      case 'leave':
        return;
    }
    context.resumed = false;
  }
}

/** The orderly ways to stop early; anything else is a fault and is thrown on. */
async function leave(context: RunContext, error: unknown): Promise<void> {
  const interruption = interruptionOf(error, context.claimed.signal);
  switch (interruption?.reason) {
    case 'cancelling':
      return finish(context, { status: 'cancelled' });
    case 'expired':
      return finish(context, { status: 'expired' });
    case 'drain':
      return release(context);
    case 'lost':
      context.dependencies.log.info('left a run to another worker', { run: context.run.object.id });
      return;
    case undefined:
      context.dependencies.log.error('work on a run failed', {
        run: context.run.object.id,
        ...errorFields(error),
      });
      // Somebody must go on at once rather than wait for the lease to run out.
      await release(context).catch(() => undefined);
      throw error;
  }
}

/** Ends the run: its open step and message, its own state and the thread's lock change in one transaction. */
async function finish(context: RunContext, end: RunEnd): Promise<void> {
  const { claimed, sink } = context;
  if (end.status === 'cancelled') sink.emit({ event: 'thread.run.cancelling', data: context.run.object });
  let ending: Ending | undefined;
  const counted = context.countTurn(context.run).work;
  try {
    const provisional = endRun(context.run, end, context.steps, context.messages, context.now());
    const changes = [...provisional.messages.flatMap(messageChangesOf), ...provisional.steps.map(stepChange)];
    const lastMessage = context.messages.at(-1)?.object.id;
    await claimed.finish(
      (record) => {
        const work = { ...record.work, usage: counted.usage, modelCalls: counted.modelCalls };
        ending = endRun({ ...record, work }, end, context.steps, context.messages, context.now());
        return ending.run;
      },
      changes,
      {
        ...(lastMessage
          ? {
              lastMessageKey: lastMessage.slice(-24),
              messageCount: context.run.work.messageCount + context.messages.length,
            }
          : {}),
        ...(context.steps.some(({ object }) => object.type === 'tool_calls') ? { hasToolSteps: true } : {}),
      },
    );
  } catch (error) {
    // A cancellation that arrived with the last write: it was there first.
    if (error instanceof Interruption && error.reason === 'cancelling' && end.status !== 'cancelled') {
      return finish(context, { status: 'cancelled' });
    }
    if (error instanceof Interruption && error.reason === 'lost') return;
    throw error;
  }
  for (const event of ending?.events ?? []) sink.emit(event);
}
