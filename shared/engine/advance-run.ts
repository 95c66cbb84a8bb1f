import { unixSeconds } from '../clock.ts';
import { errorFields } from '../log.ts';
import { decide } from '../run/decide.ts';
import type { RunSink } from '../run/run-event.ts';
import { usesCodeInterpreter } from '../tools/workspace-plan.ts';
import type { ClaimedRun } from './claim/claimed-run.ts';
import type { EngineDependencies } from './claim/dependencies.ts';
import { Interruption, interruptionOf } from './claim/interruption.ts';
import { resumeContext } from './claim/resume-context.ts';
import type { RunContext } from './claim/run-context.ts';
import { discardUnsavedFiles } from './discard-unsaved-files.ts';
import { finishRun } from './finish-run.ts';
import { handOver } from './hand-over.ts';
import { refuseCalls } from './refuse-calls.ts';
import { completeToolStep, runCode } from './run-tool-calls.ts';
import { searchFiles } from './search-files.ts';
import { tellGone } from './tell-gone.ts';
import { callModel } from './turn/call-model.ts';
import { waitForOutputs } from './wait-for-outputs.ts';

/**
 * Advances a claimed run until it ends, waits for its caller, or has to be left to another worker: load →
 * decide → act → save, again and again. The only place where a run moves.
 * @throws errors of storage and bugs: the lease is given back, and the run goes on by its next message
 */
export async function advanceRun(
  dependencies: EngineDependencies,
  claimed: ClaimedRun,
  sink: RunSink,
): Promise<void> {
  try {
    const context = await resumeContext(dependencies, claimed, sink);
    await advance(context).catch((error: unknown) => leave(context, sink, error));
  } catch (error) {
    const interruption = interruptionOf(error, claimed.signal)?.reason;
    if (interruption === 'lost') return;
    if (interruption === 'gone') {
      const now = unixSeconds(dependencies.clock.now());
      return tellGone(sink, claimed.record, { steps: [], messages: [] }, now);
    }
    await giveLeaseBack(dependencies, claimed);
    throw error;
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
        if (wantsWarmSession(context)) context.warmSession();
        const end = await callModel(context);
        if (end) return finishRun(context, end);
        break;
      }
      case 'run-code':
        await runCode(context, next.step, next.call);
        break;
      case 'search-files':
        await searchFiles(context, next.step, next.call);
        break;
      case 'refuse-calls':
        await refuseCalls(context, next.step, next.calls);
        break;
      case 'complete-step':
        await completeToolStep(context, next.step);
        break;
      case 'wait-for-outputs':
        return waitForOutputs(context, next.calls);
      case 'finish':
        return finishRun(context, next.end);
      case 'leave':
        return;
    }
    context.resumed = false;
  }
}

/** The orderly ways to stop early; anything else is a fault and is thrown on. */
async function leave(context: RunContext, sink: RunSink, error: unknown): Promise<void> {
  const { dependencies, claimed, run } = context;
  switch (interruptionOf(error, claimed.signal)?.reason) {
    case 'cancelling':
      return finishRun(context, { status: 'cancelled' });
    case 'expired':
      return finishRun(context, { status: 'expired' });
    case 'drain':
      return handOver(context, sink).catch((failure: unknown) => {
        if (!(failure instanceof Interruption) || failure.reason === 'drain') throw failure;
        return leave(context, sink, failure);
      });
    case 'lost':
      dependencies.log.info('left a run to another worker', { run: run.object.id });
      return;
    case 'gone':
      tellGone(sink, run, context, context.now());
      return discardUnsavedFiles(dependencies.stores, run, context.steps, false);
    case undefined:
      throw error;
  }
}

/** Somebody must be able to go on at once, rather than when the lease has run out. Whoever called tells of the error. */
async function giveLeaseBack({ log }: EngineDependencies, claimed: ClaimedRun): Promise<void> {
  const run = claimed.record.object.id;
  await claimed.giveBack().catch((failure: unknown) => {
    log.warn('a lease is left to run out', { run, ...errorFields(failure) });
  });
}

/** Whether code is so likely to be called that its session is looked for while the model thinks. */
function wantsWarmSession({ dependencies, run }: RunContext): boolean {
  return (
    dependencies.config.SESSION_START === 'run-start' &&
    run.work.threadHasToolSteps &&
    run.object.tool_choice !== 'none' &&
    usesCodeInterpreter(run)
  );
}
