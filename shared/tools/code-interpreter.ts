import type { RunRecord } from '../api/run.ts';
import { type Clock, SECOND } from '../clock.ts';
import type { Config } from '../config.ts';
import type { Crash } from '../crash-points.ts';
import { type Session, SessionError, type SessionLease, type Sessions } from '../sessions/session.ts';
import type { Stores } from '../store/stores.ts';
import { keepFiles, keepImage } from './keep-outputs.ts';
import {
  NEW_SESSION,
  restartSentence,
  sentenceFor,
  stoppedSentence,
  UNKNOWN_OUTCOME,
} from './outcome-sentences.ts';
import type { OutputList } from './output-list.ts';
import { inputPaths, type RunWorkspace } from './workspace-plan.ts';

/** What code produced, in order: text as it was printed, figures as files. */
export type CodeOutput =
  | { readonly type: 'logs'; readonly logs: string }
  | { readonly type: 'image'; readonly image: { readonly file_id: string } };

export interface CodeCall {
  readonly run: RunRecord;
  /** Unique per call and stable over takeovers; the session remembers outcomes by it. */
  readonly executionId: string;
  /** Sort key beside which the ids of output files are derived. */
  readonly sortKey: string;
  readonly code: string;
  readonly workspace: RunWorkspace;
  /** True when an earlier worker may have started this call already. */
  readonly resumed: boolean;
  /** The thread's session, when it was looked for ahead. */
  readonly warm?: Promise<WarmSession | undefined> | undefined;
}

export interface WarmSession {
  readonly lease: SessionLease;
  /** When it was known to be alive, in Unix milliseconds. */
  readonly at: number;
}

/** A session that was alive this long ago is taken to be so still; otherwise the call's outcome says it. */
const FRESH_MS = 20 * SECOND;

export interface CodeOutcome {
  readonly outputs: readonly CodeOutput[];
  /** What the model is told. */
  readonly text: string;
  readonly workspace: RunWorkspace;
  /** Set when there was no session to run it in. */
  readonly ran?: false;
}

export interface CodeInterpreterDependencies {
  readonly config: Config;
  readonly clock: Clock;
  readonly stores: Pick<Stores, 'files'>;
  readonly sessions: Sessions;
  readonly crash: Crash;
}

/** What the engine asks of the code interpreter. */
export type HostedCode = Pick<CodeInterpreter, 'run' | 'warmUp'>;

/** The hosted tool `code_interpreter`: code and files in, logs, figures and files out. */
export class CodeInterpreter {
  readonly #dependencies: CodeInterpreterDependencies;
  constructor(dependencies: CodeInterpreterDependencies) {
    this.#dependencies = dependencies;
  }

  /** Finds or provisions the thread's session ahead of its use. A failure shows when the session is needed. */
  async warmUp(threadId: string, signal: AbortSignal): Promise<WarmSession | undefined> {
    const { sessions, clock } = this.#dependencies;
    const lease = await sessions.acquire(threadId, signal).catch(() => undefined);
    return lease && { lease, at: clock.now() };
  }

  /**
   * Runs one call to its end. A session that cannot be had, or is lost meanwhile, is an outcome that the
   * model reads, not an error.
   * @throws the signal's reason when aborted, and errors of storage
   */
  async run(call: CodeCall, outputs: OutputList, signal: AbortSignal): Promise<CodeOutcome> {
    try {
      const lease = await this.#session(call, signal);
      if (call.resumed && lease.replaced) {
        await this.#discard(call, outputs);
        return outputs.outcome(UNKNOWN_OUTCOME, { ...call.workspace, kernel: lease.session.kernel });
      }
      return await this.#execute(call, lease.session, outputs, signal);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (!(error instanceof SessionError)) throw error;
      await this.#discard(call, outputs);
      const outcome = outputs.outcome(sentenceFor(error), call.workspace);
      return error.code === 'unavailable' || error.code === 'over_limit'
        ? { ...outcome, ran: false }
        : outcome;
    }
  }

  async #session(call: CodeCall, signal: AbortSignal): Promise<SessionLease> {
    const { sessions, clock } = this.#dependencies;
    const warm = await call.warm;
    if (warm && clock.now() - warm.at < FRESH_MS) return warm.lease;
    return sessions.acquire(call.run.object.thread_id, signal, call.resumed ? 'started call' : 'new call');
  }

  /** Files of an outcome that cannot be had any more: nobody would ever learn of them. */
  async #discard(call: CodeCall, { images }: OutputList): Promise<void> {
    const { files } = this.#dependencies.stores;
    await files.removeMadeBy(call.run.project, call.executionId, call.sortKey, new Set(images.values()));
  }

  async #execute(
    call: CodeCall,
    session: Session,
    outputs: OutputList,
    signal: AbortSignal,
  ): Promise<CodeOutcome> {
    const { config, crash, stores, clock } = this.#dependencies;
    const notes = await this.#putFiles(call, session, signal);
    if (call.workspace.kernel !== '' && call.workspace.kernel !== session.kernel) {
      notes.push(NEW_SESSION);
    }
    let kernel = session.kernel;
    let workspace = call.workspace;
    const limits = {
      maxFiles: config.SESSION_MAX_SAVED_FILES,
      maxBytes: config.SESSION_MAX_SAVED_FILE_BYTES,
    };
    const execution = {
      executionId: call.executionId,
      // Half a character, from a model that was cut off, is none that Python could be sent.
      code: call.code.toWellFormed(),
      timeoutMs: config.sessionCallTimeoutMs,
    };
    const events = session.execute(execution, signal);
    for await (const event of events) {
      switch (event.type) {
        case 'logs':
          outputs.logs(event.text);
          crash('during-code');
          break;
        case 'image': {
          const fileId = await keepImage({ files: stores.files, clock, call, limits }, event, outputs.images);
          outputs.image(fileId);
          break;
        }
        case 'restarted':
          // The next call sees another kernel than the one kept here and is told so.
          kernel = '';
          outputs.logs(restartSentence(event.reason));
          break;
        case 'done': {
          crash('after-code-before-result-saved');
          if (event.status === 'timeout' && kernel !== '') notes.push(stoppedSentence(execution.timeoutMs));
          const kept = await keepFiles({ files: stores.files, clock, call, limits }, session, event, signal);
          workspace = kept.workspace;
          notes.push(...kept.notes);
          crash('between-outputs-and-step');
          break;
        }
      }
    }
    return outputs.outcome(notes.join('\n'), {
      ...workspace,
      kernel: kernel === '' ? session.kernel : kernel,
    });
  }

  /**
   * Brings every file that belongs into /mnt/data there, unless it is there already. A file for which there is no
   * room or place is told to the model: code must still run, if only to make room.
   */
  async #putFiles({ run, workspace }: CodeCall, session: Session, signal: AbortSignal): Promise<string[]> {
    const notes: string[] = [];
    const wanted = new Map(inputPaths(workspace));
    for (const [path, { fileId }] of Object.entries(workspace.files)) wanted.set(path, fileId);
    if (wanted.size === 0) return notes;
    for (const { path } of await session.listFiles(signal)) wanted.delete(path);
    for (const [path, fileId] of wanted) {
      const file = await this.#dependencies.stores.files.open(run.project, fileId, { signal });
      if (!file) continue;
      try {
        await session.putFile(path, file.stream, file.record.object.bytes, signal);
      } catch (error) {
        if (!(error instanceof SessionError) || error.code !== 'rejected') throw error;
        file.stream.destroy();
        notes.push(`[/mnt/data/${path} is not there: ${error.message}]`);
      }
    }
    return notes;
  }
}
