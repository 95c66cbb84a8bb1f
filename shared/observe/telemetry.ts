import { type Attributes, context, metrics, SpanStatusCode, trace } from '@opentelemetry/api';

import type { RunStatus } from '../api/run.ts';
import type { Usage } from '../model/model.ts';

/**
 * What operators see of the app: counts, durations and spans, with ids and never contents. Goes wherever an
 * OpenTelemetry SDK was registered before this was made; nowhere when none was.
 */
export interface Telemetry {
  /** A run was created, for a worker of the queue, or for the request that streams it. */
  runCreated(by: 'queue' | 'stream'): void;
  /** A run reached its end. `cause`: the error's code, the incomplete reason, or empty. */
  runEnded(status: RunStatus, cause: string, milliseconds: number): void;
  /** A worker took a run up for the first time; counted from its creation. */
  queueWaited(milliseconds: number): void;
  modelCalled(outcome: 'answered' | 'failed', milliseconds: number, usage: Usage | undefined): void;
  codeRan(outcome: 'ran' | 'not-run', milliseconds: number): void;
  /** A container group was started and answered, or could not be had. `ttlMs`: what it may be billed for. */
  sessionStarted(outcome: 'ready' | 'failed', milliseconds: number, ttlMs: number, place: string): void;
  /** A place had no room for a session, or something else against it. */
  placeRefused(place: string, reason: string): void;
  /** Files were added to a vector store, and wait to be indexed. */
  filesAdded(files: number): void;
  /** A file in a vector store came to its end; counted from its addition. `code`: of its error, or empty. */
  fileIndexed(outcome: 'completed' | 'failed', code: string, milliseconds: number): void;
  /** Storage answered that it is throttled or failing. */
  storageFault(service: string, status: number): void;
  /** A span around `work`, below the one that is open. */
  span<T>(name: string, attributes: Attributes, work: () => Promise<T>): Promise<T>;
}

const MILLISECONDS = { unit: 'ms' };

export function createTelemetry(): Telemetry {
  const meter = metrics.getMeter('hourglass');
  const tracer = trace.getTracer('hourglass');
  const created = meter.createCounter('hourglass.runs.created', { description: 'Runs that were created' });
  const runs = meter.createCounter('hourglass.runs', { description: 'Runs by end state and cause' });
  const runTime = meter.createHistogram('hourglass.run.duration', MILLISECONDS);
  const queueWait = meter.createHistogram('hourglass.run.queue_wait', MILLISECONDS);
  const modelTime = meter.createHistogram('hourglass.model.duration', MILLISECONDS);
  const tokens = meter.createCounter('hourglass.tokens', { description: 'Tokens by kind' });
  const codeTime = meter.createHistogram('hourglass.code.duration', MILLISECONDS);
  const sessions = meter.createCounter('hourglass.session.starts', {
    description: 'Session starts by outcome',
  });
  const sessionStart = meter.createHistogram('hourglass.session.start_time', MILLISECONDS);
  const sessionSeconds = meter.createCounter('hourglass.session.seconds', {
    unit: 's',
    description: 'Seconds that started sessions may be billed for',
  });
  const refusals = meter.createCounter('hourglass.session.refusals', {
    description: 'Sessions that a place did not take, or that came to nothing there',
  });
  const added = meter.createCounter('hourglass.index.added', {
    description: 'Files that were added to vector stores',
  });
  const indexed = meter.createCounter('hourglass.index.files', {
    description: 'Files in vector stores by end state and error code',
  });
  const indexTime = meter.createHistogram('hourglass.index.duration', MILLISECONDS);
  const storageFaults = meter.createCounter('hourglass.storage.faults', {
    description: 'Answers of storage that were tried again, by service and status',
  });
  return {
    runCreated: (by) => created.add(1, { by }),
    runEnded(status, cause, milliseconds) {
      runs.add(1, { status, cause });
      runTime.record(milliseconds, { status });
    },
    queueWaited: (milliseconds) => queueWait.record(milliseconds),
    modelCalled(outcome, milliseconds, usage) {
      modelTime.record(milliseconds, { outcome });
      if (!usage) return;
      tokens.add(usage.prompt_tokens, { kind: 'prompt' });
      tokens.add(usage.completion_tokens, { kind: 'completion' });
    },
    codeRan: (outcome, milliseconds) => codeTime.record(milliseconds, { outcome }),
    sessionStarted(outcome, milliseconds, ttlMs, place) {
      sessions.add(1, { outcome, place });
      sessionStart.record(milliseconds, { outcome, place });
      if (outcome === 'ready') sessionSeconds.add(ttlMs / 1000, { place });
    },
    placeRefused: (place, reason) => refusals.add(1, { place, reason }),
    filesAdded: (files) => added.add(files),
    fileIndexed(outcome, code, milliseconds) {
      indexed.add(1, { outcome, code });
      indexTime.record(milliseconds, { outcome });
    },
    storageFault: (service, status) => storageFaults.add(1, { service, status }),
    async span(name, attributes, work) {
      const span = tracer.startSpan(name, { attributes });
      try {
        return await context.with(trace.setSpan(context.active(), span), work);
      } catch (error) {
        // The kind of error only: messages may quote what a user wrote.
        span.setStatus({
          code: SpanStatusCode.ERROR,
          message: error instanceof Error ? error.name : 'unknown',
        });
        throw error;
      } finally {
        span.end();
      }
    },
  };
}
