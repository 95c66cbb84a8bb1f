import assert from 'node:assert/strict';
import { test } from 'node:test';

import { readUnittestSummary } from '../runner/python-tests.ts';
import { add, isGood, nothing, showTally } from '../runner/tally.ts';

test('the last line counts what passed, failed and was skipped', () => {
  assert.equal(showTally({ passed: 3, failed: 0, skipped: 0 }), '3 passed, 0 failed');
  assert.equal(
    showTally(add({ passed: 3, failed: 1, skipped: 0 }, { passed: 1, failed: 0, skipped: 2 })),
    '4 passed, 1 failed, 2 skipped',
  );
});

test('no test is no success', () => {
  assert.equal(isGood(nothing), false);
  assert.equal(isGood({ passed: 1, failed: 0, skipped: 9 }), true);
  assert.equal(isGood({ passed: 9, failed: 1, skipped: 0 }), false);
});

test("unittest's summary is read in all its forms, and its absence is a failure", () => {
  const rows = [
    ['...\nRan 12 tests in 3.1s\n\nOK\n', true, { passed: 12, failed: 0, skipped: 0 }],
    ['Ran 1 test in 0.1s\n\nOK (skipped=1)\n', true, { passed: 0, failed: 0, skipped: 1 }],
    [
      'Ran 9 tests in 2s\n\nFAILED (failures=1, errors=2, skipped=1)\n',
      false,
      { passed: 5, failed: 3, skipped: 1 },
    ],
    ['Ran 2 tests in 2s\n\nFAILED (unexpected successes=1)\n', false, { passed: 1, failed: 1, skipped: 0 }],
    ['Segmentation fault\n', false, { passed: 0, failed: 1, skipped: 0 }],
    ['Ran 0 tests in 0.0s\n\nNO TESTS RAN\n', false, { passed: 0, failed: 1, skipped: 0 }],
  ] as const;
  for (const [output, ok, expected] of rows) assert.deepEqual(readUnittestSummary(output, ok), expected);
});
