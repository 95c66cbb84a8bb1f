import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { startStack } from '../support/stack.ts';
import { openApi } from './api.ts';
import { checkRow, reasonToSkip, unseenOperations } from './check.ts';
import { rows } from './rows/all.ts';
import { remoteScript, type Target } from './target.ts';

/** The suite against a host process of its own, with real storage, sandboxes and a scripted model. */
const stack = await startStack({ RATE_LIMIT_PER_MINUTE: '1000000' });
after(() => stack[Symbol.asyncDispose]());

const target: Target = {
  baseUrl: stack.host.url,
  key: 'KEY-A',
  secondKey: 'KEY-B',
  model: 'scripted',
  script: remoteScript(stack.model.url),
};
const open = openApi(target);

for (const row of rows) {
  test(row.says, async () => {
    assert.equal(reasonToSkip(row, target), undefined);
    await checkRow(open, row, target);
    stack.model.assertDone();
  });
}

test('every operation was done as asked at least once', () => {
  assert.deepEqual(unseenOperations(open), []);
});
