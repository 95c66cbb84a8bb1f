import type { SessionError } from '../sessions/session.ts';

/** What a model is told of an outcome that code itself does not tell. */
export const NEW_SESSION =
  '[A new Python session: variables of earlier calls are gone, files in /mnt/data are still there.]';

export const UNKNOWN_OUTCOME =
  'The Python session was lost while this code ran, so its outcome is unknown. Variables are gone; files saved before are back in /mnt/data.';

export function restartSentence(reason: 'timeout' | 'out_of_memory' | 'died' | 'requested'): string {
  const because = {
    timeout: 'The code ran longer than the time limit of a call and was stopped.',
    out_of_memory: 'The code used more memory than a session has and was stopped.',
    died: 'The Python process ended while the code ran.',
    requested: 'The Python process was restarted.',
  }[reason];
  return `\n[${because} Variables are gone; files in /mnt/data are still there.]\n`;
}

/** @param limitMs the time limit of a call, in milliseconds */
export const stoppedSentence = (limitMs: number): string =>
  `[The code was stopped at the time limit of ${limitMs / 1000} seconds. Variables are kept.]`;

export function sentenceFor(error: SessionError): string {
  switch (error.code) {
    case 'lost':
      return `The Python session was lost while the code ran: ${error.message} Variables are gone; files saved before come back with the next call.`;
    case 'unavailable':
      return `The code was not run, because no Python session can be had now: ${error.message}`;
    case 'over_limit':
    case 'rejected':
      return `The code was not run: ${error.message}`;
    case 'misbehaved':
      return `The code's outcome could not be read: ${error.message}`;
  }
}
