import assert from 'node:assert/strict';
import { test } from 'node:test';

import { checkedName, cleanedName } from '../../shared/api/file-name.ts';

for (const [made, stored] of [
  ['a\nb.csv', 'a_b.csv'],
  ['\u001b[31mred.txt', '_[31mred.txt'],
  ['..\\..\\windows.ini', '.._.._windows.ini'],
  ['tab\there\u0000.txt', 'tab_here_.txt'],
  ['\u0085next\u009f', '_next_'],
  ['invoice\u202efdp.exe', 'invoice_fdp.exe'],
  ['..', 'file'],
  ['.', 'file'],
  ['', 'file'],
  ['half\ud83d.png', 'half\ufffd.png'],
  [`${'漢'.repeat(200)}.png`, `${'漢'.repeat(83)}.png`],
  ['Grüße 👨‍👩‍👧.txt', 'Grüße 👨‍👩‍👧.txt'],
] as const) {
  test(`code may call a file ${JSON.stringify(made).slice(0, 40)}: it is kept under a name that an upload could have`, () => {
    assert.equal(cleanedName(made), stored);
    assert.equal(checkedName(stored), stored);
  });
}

test('an upload with such a name is refused', () => {
  for (const name of ['a\nb', '\u001b', 'a\\b', 'a/b', '..', '', '\u009f', '\ud83d', 'x'.repeat(256)]) {
    assert.throws(() => checkedName(name), { status: 400 }, JSON.stringify(name));
  }
});
