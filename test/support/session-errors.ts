import assert from 'node:assert/strict';

import { SessionError } from '../../shared/sessions/session.ts';

/** For `assert.rejects`: a session's error of that kind, whose message a reader understands. */
export const rejectsWith = (code: SessionError['code'], pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof SessionError, String(error));
  assert.equal(error.code, code, error.message);
  assert.match(error.message, pattern);
  return true;
};
