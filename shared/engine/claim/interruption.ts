/**
 * Why work on a run stops before its end. Not an error of the run: `cancelling` and `expired` end it in order,
 * `drain` hands it to another worker, `lost` means that another worker has it, and `gone` that it was deleted.
 */
export type InterruptionReason = 'cancelling' | 'expired' | 'drain' | 'lost' | 'gone';

export class Interruption extends Error {
  readonly reason: InterruptionReason;
  constructor(reason: InterruptionReason, options?: ErrorOptions) {
    super(`Work on the run was interrupted: ${reason}.`, options);
    this.name = 'Interruption';
    this.reason = reason;
  }

  /** Whether another worker wants the outcome of code that runs: a session is then not interrupted. */
  get leavesCodeRunning(): boolean {
    return this.reason === 'drain' || this.reason === 'lost';
  }
}

/** The interruption behind an error: the error itself, or what aborted `signal`. */
export function interruptionOf(error: unknown, signal: AbortSignal): Interruption | undefined {
  if (error instanceof Interruption) return error;
  return signal.aborted && signal.reason instanceof Interruption ? signal.reason : undefined;
}
