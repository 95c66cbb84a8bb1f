import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';

import { MINUTE, SECOND } from '../clock.ts';
import { toSessionFile } from './agent-files.ts';
import {
  type AgentConnection,
  AgentRefusal,
  AgentStalled,
  AgentUnreachable,
  answered,
  asSessionError,
  callForJson,
  openCall,
  parse,
  readSmall,
  refusal,
  SMALL_ANSWER_BYTES,
  unreachable,
  withJsonHeaders,
} from './agent-http.ts';
import { type ExecutionLine, executionLine } from './agent-wire.ts';
import { byteLines, TooLong } from './byte-lines.ts';
import { OutputBudget } from './output-budget.ts';
import { type ExecuteCall, type ExecutionEvent, leavesCodeRunning, SessionError } from './session.ts';

/** The agent's largest picture, in base64. */
const MAX_LINE_BYTES = 18 * 1024 * 1024;
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
/** Reading a line costs time too, however short it is. */
const MAX_LINES = 250_000;
const MAX_HEARTBEATS = 2_000;
/** Beyond the code's own limit: interrupt, grace, kill, new kernel, file scan. */
const OVERTIME_MS = MINUTE;
const RECONNECTS = 4;
const RECONNECT_DELAY_MS = 250;
/** How long a leftover execution of an earlier call may take to give way. */
const BUSY_MS = 15 * SECOND;
const INTERRUPT_MS = 3 * SECOND;

/**
 * Runs code and yields validated events until `done`. A connection that breaks is taken up again at the line
 * where it broke, as the agent remembers executions by id.
 * @param onGeneration told the kernel's number when it starts and whenever it changes
 * @throws {SessionError} `misbehaved` on anything that an honest agent would not send
 */
export async function* execute(
  connection: AgentConnection,
  call: ExecuteCall,
  signal: AbortSignal,
  onGeneration: (generation: number) => void,
): AsyncGenerator<ExecutionEvent, void, undefined> {
  const overtime = AbortSignal.timeout(call.timeoutMs + (connection.overtimeMs ?? OVERTIME_MS));
  const either = AbortSignal.any([signal, overtime]);
  const progress = { next: 0, bytes: 0, heartbeats: 0 };
  const budget = new OutputBudget();
  try {
    for (let failures = 0; ; ) {
      const before = progress.next;
      try {
        for await (const line of lines(connection, call, progress, either)) {
          if (line.type === 'started' && line.execution_id !== call.executionId) {
            throw new SessionError('misbehaved', 'The session answered for another execution.');
          }
          if (line.type === 'started' || line.type === 'kernel_restarted') onGeneration(line.generation);
          yield* budget.events(line);
          if (line.type === 'done') {
            const { status, deleted, more } = line;
            yield {
              type: 'done',
              status,
              files: line.files.map(toSessionFile),
              deleted,
              ...(more ? { more } : {}),
            };
            return;
          }
        }
        throw new AgentUnreachable('the session closed the connection in the middle of its answer');
      } catch (error) {
        either.throwIfAborted();
        if (!(error instanceof AgentUnreachable)) throw error;
        failures = progress.next > before ? 1 : failures + 1;
        if (failures > RECONNECTS) throw error;
        await delay(RECONNECT_DELAY_MS * failures, undefined, { signal: either });
      }
    }
  } catch (error) {
    if (signal.aborted) {
      if (!leavesCodeRunning(signal.reason)) await interrupt(connection, call.executionId);
      throw signal.reason;
    }
    if (overtime.aborted) throw new SessionError('misbehaved', 'The session did not finish in time.');
    if (error instanceof AgentStalled) {
      throw new SessionError('misbehaved', 'The session stopped answering.', { cause: error });
    }
    throw asSessionError(error);
  }
}

/** Best effort: whoever interrupts has stopped caring about this execution, and its time limit remains. */
export async function interrupt(connection: AgentConnection, executionId?: string): Promise<void> {
  const signal = AbortSignal.timeout(INTERRUPT_MS);
  const json = executionId === undefined ? {} : { execution_id: executionId };
  const call = { method: 'POST', path: '/v1/interrupt', json, signal } as const;
  await callForJson(connection, call, z.unknown()).catch(() => undefined);
}

async function* lines(
  connection: AgentConnection,
  call: ExecuteCall,
  progress: { next: number; bytes: number; heartbeats: number },
  signal: AbortSignal,
): AsyncGenerator<Exclude<ExecutionLine, { type: 'heartbeat' }>, void, undefined> {
  const answer =
    progress.next === 0
      ? await start(connection, call, signal)
      : await open(connection, resumption(call, progress.next), signal);
  const limits = { maxLineBytes: MAX_LINE_BYTES, maxBytes: MAX_ANSWER_BYTES - progress.bytes };
  try {
    for await (const json of byteLines(answer, limits)) {
      progress.bytes += Buffer.byteLength(json) + 1;
      const line = parse(json, executionLine);
      if (line.type === 'heartbeat') progress.heartbeats += 1;
      if (progress.heartbeats > MAX_HEARTBEATS || progress.next > MAX_LINES) {
        throw new TooLong('more lines were sent than any code needs');
      }
      if (line.type === 'heartbeat') continue;
      if (line.n !== progress.next) {
        throw new SessionError('misbehaved', `The session sent line ${line.n} instead of ${progress.next}.`);
      }
      progress.next += 1;
      yield line;
    }
  } catch (error) {
    if (error instanceof TooLong) {
      throw new SessionError('misbehaved', `The session flooded the backend: ${error.message}.`);
    }
    throw unreachable(error);
  } finally {
    answer.destroy();
  }
}

const resumption = (call: ExecuteCall, from: number) =>
  ({ method: 'GET', path: `/v1/executions/${encodeURIComponent(call.executionId)}?from=${from}` }) as const;

/** Starts the execution, or joins it if it is known; an earlier one that still runs is interrupted first. */
async function start(connection: AgentConnection, call: ExecuteCall, signal: AbortSignal) {
  const json = { execution_id: call.executionId, code: call.code, timeout_s: call.timeoutMs / SECOND };
  for (let waited = 0; ; waited += RECONNECT_DELAY_MS) {
    try {
      return await open(connection, { method: 'POST', path: '/v1/execute', json }, signal);
    } catch (error) {
      if (!(error instanceof AgentRefusal && error.status === 409) || waited >= BUSY_MS) throw error;
      // One run at a time uses a thread, so what still runs belongs to a call that nobody waits for.
      if (waited === 0) await interrupt(connection);
      await delay(RECONNECT_DELAY_MS, undefined, { signal });
    }
  }
}

async function open(
  connection: AgentConnection,
  call: { method: 'GET' | 'POST'; path: string; json?: unknown },
  signal: AbortSignal,
) {
  const outgoing = openCall(connection, withJsonHeaders({ ...call, signal }));
  outgoing.end(call.json === undefined ? undefined : JSON.stringify(call.json));
  const answer = await answered(outgoing, signal);
  if (answer.statusCode === 200) return answer;
  const body = await readSmall(answer, SMALL_ANSWER_BYTES, signal);
  if (answer.statusCode === 404) {
    throw new SessionError('lost', 'The Python session does not know this execution any more.');
  }
  throw refusal(answer.statusCode ?? 0, body);
}
