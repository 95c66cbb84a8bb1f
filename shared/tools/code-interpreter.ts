import type { RunRecord } from '../api/run.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config.ts';
import type { Crash } from '../engine/crash-points.ts';
import { type Session, SessionError, type Sessions } from '../sessions/session.ts';
import type { Stores } from '../store/stores.ts';
import type { Workspace } from '../store/workspace.ts';
import { keepFiles, keepImage } from './keep-outputs.ts';

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
  readonly workspace: Workspace;
  /** True when an earlier worker may have started this call already. */
  readonly resumed: boolean;
}

export interface CodeOutcome {
  readonly outputs: readonly CodeOutput[];
  /** What the model is told. */
  readonly text: string;
  readonly workspace: Workspace;
}

/** Text of one call that a model is shown; a whole log is kept in the step. */
const MAX_MODEL_CHARACTERS = 40_000;

export interface CodeInterpreterDependencies {
  readonly config: Config;
  readonly clock: Clock;
  readonly stores: Pick<Stores, 'files'>;
  readonly sessions: Sessions;
  readonly crash: Crash;
}

/** The hosted tool `code_interpreter`: code and files in, logs, figures and files out. */
export class CodeInterpreter {
  readonly #dependencies: CodeInterpreterDependencies;
  constructor(dependencies: CodeInterpreterDependencies) {
    this.#dependencies = dependencies;
  }

  /** Begins to provision the thread's session. A failure shows when the session is needed. */
  warmUp(threadId: string, signal: AbortSignal): void {
    this.#dependencies.sessions.acquire(threadId, signal).catch(() => undefined);
  }

  /**
   * Runs one call to its end. A session that cannot be had, or is lost meanwhile, is an outcome that the
   * model reads, not an error.
   * @param onOutput called with each piece as it arrives; pieces of logs are to be joined
   * @throws the signal's reason when aborted, and errors of storage
   */
  async run(
    call: CodeCall,
    onOutput: (output: CodeOutput) => void,
    signal: AbortSignal,
  ): Promise<CodeOutcome> {
    const outputs = new OutputList(onOutput);
    try {
      const lease = await this.#dependencies.sessions.acquire(call.run.object.thread_id, signal);
      if (call.resumed && lease.replaced) {
        return outputs.outcome(
          'The Python session was lost while this code ran, so its outcome is unknown. Variables are gone; files saved before are back in /mnt/data.',
          { ...call.workspace, kernel: lease.session.kernel },
        );
      }
      return await this.#execute(call, lease.session, outputs, signal);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (!(error instanceof SessionError)) throw error;
      return outputs.outcome(sentenceFor(error), call.workspace);
    }
  }

  async #execute(
    call: CodeCall,
    session: Session,
    outputs: OutputList,
    signal: AbortSignal,
  ): Promise<CodeOutcome> {
    const { config, crash, stores, clock } = this.#dependencies;
    await this.#putFiles(call, session, signal);
    const notes: string[] = [];
    if (call.workspace.kernel !== '' && call.workspace.kernel !== session.kernel) {
      notes.push(
        '[A new Python session: variables of earlier calls are gone, files in /mnt/data are still there.]',
      );
    }
    let kernel = session.kernel;
    let workspace = call.workspace;
    const limits = {
      maxFiles: config.SESSION_MAX_SAVED_FILES,
      maxBytes: config.SESSION_MAX_SAVED_FILE_BYTES,
    };
    const execution = {
      executionId: call.executionId,
      code: call.code,
      timeoutMs: config.SESSION_CALL_TIMEOUT_SECONDS,
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

  /** Brings every file that belongs into /mnt/data there, unless it is there already. */
  async #putFiles({ run, workspace }: CodeCall, session: Session, signal: AbortSignal): Promise<void> {
    const wanted = new Map(Object.entries(workspace.inputs).map(([fileId, path]) => [path, fileId]));
    for (const [path, { fileId }] of Object.entries(workspace.files)) wanted.set(path, fileId);
    if (wanted.size === 0) return;
    for (const { path } of await session.listFiles(signal)) wanted.delete(path);
    for (const [path, fileId] of wanted) {
      const file = await this.#dependencies.stores.files.open(run.project, fileId, { signal });
      if (file) await session.putFile(path, file.stream, file.record.object.bytes, signal);
    }
  }
}

/** Joins pieces of logs and keeps the order of logs and figures. */
class OutputList {
  readonly #outputs: CodeOutput[] = [];
  readonly #onOutput: (output: CodeOutput) => void;
  /** File ids of figures by content, so that one figure shown twice is one file. */
  readonly images = new Map<string, string>();

  constructor(onOutput: (output: CodeOutput) => void) {
    this.#onOutput = onOutput;
  }

  logs(text: string): void {
    if (text === '') return;
    const last = this.#outputs.at(-1);
    if (last?.type === 'logs')
      this.#outputs[this.#outputs.length - 1] = { type: 'logs', logs: last.logs + text };
    else this.#outputs.push({ type: 'logs', logs: text });
    this.#onOutput({ type: 'logs', logs: text });
  }

  image(fileId: string): void {
    if (this.#outputs.some((output) => output.type === 'image' && output.image.file_id === fileId)) return;
    const output: CodeOutput = { type: 'image', image: { file_id: fileId } };
    this.#outputs.push(output);
    this.#onOutput(output);
  }

  outcome(note: string, workspace: Workspace): CodeOutcome {
    const shown = this.#outputs.map((output) =>
      output.type === 'logs' ? output.logs : '[A figure was shown to the user.]',
    );
    const text = [...shown, note].filter((part) => part !== '').join('\n');
    return {
      outputs: this.#outputs,
      text: shorten(text) || '[The code ran and printed nothing.]',
      workspace,
    };
  }
}

/** Keeps the beginning and, where tracebacks end, the end. */
function shorten(text: string): string {
  if (text.length <= MAX_MODEL_CHARACTERS) return text;
  const half = MAX_MODEL_CHARACTERS / 2;
  const left = text.length - MAX_MODEL_CHARACTERS;
  return `${text.slice(0, half)}\n[… ${left} characters left out …]\n${text.slice(-half)}`;
}

function restartSentence(reason: 'timeout' | 'out_of_memory' | 'died' | 'requested'): string {
  const because = {
    timeout: 'The code ran longer than the time limit of a call and was stopped.',
    out_of_memory: 'The code used more memory than a session has and was stopped.',
    died: 'The Python process ended while the code ran.',
    requested: 'The Python process was restarted.',
  }[reason];
  return `\n[${because} Variables are gone; files in /mnt/data are still there.]\n`;
}

function sentenceFor(error: SessionError): string {
  switch (error.code) {
    case 'lost':
      return `The Python session was lost while the code ran: ${error.message} Variables are gone; files saved before come back with the next call.`;
    case 'unavailable':
      return `The code was not run, because no Python session can be had now: ${error.message}`;
    case 'rejected':
      return `The code was not run: ${error.message}`;
    case 'misbehaved':
      return `The code's outcome could not be read: ${error.message}`;
  }
}
