import assert from 'node:assert/strict';
import { test } from 'node:test';

import { errorFields, withoutContents } from '../../shared/log.ts';

const thrownBy = (work: () => unknown): Error => {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
};

const quoting: readonly [what: string, error: Error, reason: string][] = [
  ['a parser', thrownBy(() => JSON.parse('{"a": hidden}')), 'Unexpected token …'],
  [
    'a client that shows the body',
    new Error('Error "SyntaxError" occurred while parsing the response body - hidden.'),
    'Error …',
  ],
  ['a session', new Error('The session refused: no hidden here'), 'The session refused…'],
  ['a message of several lines', new Error('It failed: hidden\n    at hidden\nhidden'), 'It failed…'],
  ['a message with nothing to hide', new Error('socket hang up'), 'socket hang up'],
];

for (const [what, error, reason] of quoting) {
  test(`${what}: the log tells what failed and where, not the contents`, () => {
    const fields = errorFields(error);
    assert.deepEqual([fields.error, fields.reason], [error.name, reason]);
    assert.match(String(fields.stack), /^ {4}at .*log\.test\.ts/m);
    assert.doesNotMatch(JSON.stringify(fields), /hidden/);
    const safe = withoutContents(error);
    assert.deepEqual([safe.name, safe.message, safe.cause], [error.name, reason, undefined]);
    assert.match(safe.stack ?? '', /log\.test\.ts/);
    assert.doesNotMatch(safe.stack ?? '', /hidden/);
  });
}

test('the log tells which server answered what, however deep below the error, and in whichever place', () => {
  const refused = Object.assign(new Error('{"odata.error": "hidden"}'), {
    statusCode: 403,
    request: { url: 'https://account.table.core.windows.net/hidden(1)?hidden' },
    response: { headers: new Headers({ 'x-ms-error-code': 'AuthorizationPermissionMismatch' }) },
  });
  const busy = Object.assign(new Error('No session: hidden', { cause: refused }), { code: 'unavailable' });
  const { code, cause, status, host } = errorFields(busy);
  assert.deepEqual(
    { code, cause, status, host },
    {
      code: 'unavailable',
      cause: 'AuthorizationPermissionMismatch',
      status: 403,
      host: 'account.table.core.windows.net',
    },
  );
  assert.equal(errorFields(refused).code, 'AuthorizationPermissionMismatch');
  assert.doesNotMatch(JSON.stringify(errorFields(busy)), /hidden/);
});

test('a code that is a sentence, and an address that is none, are not logged', () => {
  const odd = Object.assign(new Error('Odd'), { code: 'what hidden said', request: { url: 'hidden' } });
  assert.doesNotMatch(JSON.stringify(errorFields(odd)), /hidden/);
});

test('whatever else is thrown is told by its type alone', () => {
  assert.deepEqual(errorFields('hidden'), { error: 'string' });
  assert.equal(withoutContents('hidden').message, 'string');
});
