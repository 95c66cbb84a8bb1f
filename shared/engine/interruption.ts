/**
 * Why work on a run stops before its end. Not an error of the run: `cancelling` and `expired` end it in order,
 * `drain` hands it to another worker, `lost` means that another worker has it or it is gone.
 */
export type InterruptionReason = 'cancelling' | 'expired' | 'drain' | 'lost';

export class Interruption extends Error {
  readonly reason: InterruptionReason;
  constructor(reason: InterruptionReason, options?: ErrorOptions) {
    super(`Work on the run was interrupted: ${reason}.`, options);
    this.name = 'Interruption';
    this.reason = reason;
  }
}

/** The interruption behind an error: the error itself, or what aborted `signal`. */
export function interruptionOf(error: unknown, signal: AbortSignal): Interruption | undefined {
  if (error instanceof Interruption) return error;
  return signal.aborted && signal.reason instanceof Interruption ? signal.reason : undefined;
}
