import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { MarkerHold } from '../../shared/engine/turn/marker-hold.ts';
import {
  type Citable,
  citationAnnotations,
  LONGEST_MARKER,
  markerOf,
  mentionsIn,
} from '../../shared/run/citations.ts';

const citable = (search: number, result: number, fileId: string, fileName: string): Citable => ({
  search,
  result,
  fileId,
  fileName,
  text: `text of ${fileId}`,
});
const citables = [
  citable(4, 0, 'file-a', 'handbook.md'),
  citable(4, 1, 'file-b', 'Price list, 2024.pdf'),
  citable(4, 2, 'file-a', 'handbook.md'),
  citable(5, 0, 'file-c', 'notes.txt'),
  citable(5, 1, 'file-d', 'notes.txt'),
  citable(5, 2, 'file-e', '规格 【v2】.md'),
];
const cited = (text: string) => mentionsIn(text, citables).map(({ cited: { fileId } }) => fileId);

const right: [what: string, marker: string, files: string[]][] = [
  ['as it should be', '【4:0†handbook.md】', ['file-a']],
  ['of another result', '【4:1†Price list, 2024.pdf】', ['file-b']],
  ['with a name of the hosted API', '【4:0†source】', ['file-a']],
  ['without a name', '【4:0】', ['file-a']],
  ['with spaces', '【 4:0 † handbook.md 】', ['file-a']],
  ['with a wide colon', '【4：0†handbook.md】', ['file-a']],
  ['with another dagger', '【4:0‡handbook.md】', ['file-a']],
  ['in another case', '【4:0†HANDBOOK.MD】', ['file-a']],
  ['with a name that is cut', '【4:1†Price list, 20…】', ['file-b']],
  ['without the ending of the name', '【4:0†handbook】', ['file-a']],
  ['with lines', '【4:0†handbook.md†L1-L5】', ['file-a']],
  ['in plain brackets', '[4:0†handbook.md]', ['file-a']],
  ['as a footnote', '[^4:0†handbook.md]', ['file-a']],
  ['for two results of one file', '【4:0,4:2†handbook.md】', ['file-a']],
  ['for two files', '【4:0†handbook.md, 4:1†Price list, 2024.pdf】', ['file-a', 'file-b']],
  ['for two files, with one name', '【4:1, 4:0†handbook.md】', ['file-b', 'file-a']],
  ['with the name alone', '【handbook.md】', ['file-a']],
  ['with a wrong number and the name of one file', '【9:9†handbook.md】', ['file-a']],
  ['of two files with one name, by its number', '【5:1†notes.txt】', ['file-d']],
  ['of a name with such brackets', markerOf(citables[5]!), ['file-e']],
];
for (const [what, marker, files] of right) {
  test(`a marker ${what} is a citation: ${marker}`, () =>
    assert.deepEqual(cited(`So it is ${marker}.`), files));
}

const wrong: [what: string, text: string][] = [
  ['a number of no result', '【7:0†unknown.md】'],
  ['a number of no result, and no name', '【7:0】'],
  ['the number of one file and the name of another', '【4:1†handbook.md】'],
  ['a name that two files have', '【9:9†notes.txt】'],
  ['the number of one file and the name of none', '【4:0†invoices.xlsx】'],
  ['Chinese brackets', '【注意】请先关闭电源。'],
  ['a time in brackets', 'at [4:0] or [12:30]'],
  ['a link', '[handbook.md](https://example.com)'],
  ['a bracket that never closes', '【4:0†handbook.md'],
  ['a bracket over two lines', '【4:0†\nhandbook.md】'],
  ['a very long one', `【4:0†${'x'.repeat(500)}】`],
  ['nothing', '【】'],
];
for (const [what, text] of wrong) {
  test(`${what} is none: ${text.slice(0, 40)}`, () => assert.deepEqual(cited(text), []));
}

test('a citation says where its marker stands, in characters as Python counts them, and what it quotes', () => {
  const text = '😀 One 【4:0†handbook.md】, two 【4:0†handbook.md, 4:1†Price list, 2024.pdf】.';
  const found = citationAnnotations(text, citables);
  assert.deepEqual(
    found.map((note) => [...text].slice(note.start_index, note.end_index).join('')),
    found.map((note) => note.text),
  );
  assert.deepEqual(
    found.map((note) => note.type === 'file_citation' && note.file_citation),
    [
      { file_id: 'file-a', quote: 'text of file-a' },
      { file_id: 'file-a', quote: 'text of file-a' },
      { file_id: 'file-b', quote: 'text of file-b' },
    ],
  );
});

test('a stream is held back from a bracket until it is told whether it is a marker, and loses nothing', () => {
  const hold = new MarkerHold();
  const out = (piece: string) =>
    hold.push(piece).map(({ text, bracketed }) => (bracketed ? `<${text}>` : text));
  assert.deepEqual(out('So it is '), ['So it is ']);
  assert.deepEqual(out('【4:'), []);
  assert.deepEqual(out('0†handbook'), []);
  assert.deepEqual(out('.md】, and ['), ['<【4:0†handbook.md】>', ', and ']);
  assert.deepEqual(out('link](x)'), ['[', 'link](x)']);
  assert.deepEqual(out('[^4:1†P]!'), ['<[^4:1†P]>', '!']);
  assert.deepEqual(out('【first\nsecond'), ['【', 'first\nsecond']);
  assert.deepEqual(out(`【${'x'.repeat(LONGEST_MARKER)}`), ['【', 'x'.repeat(LONGEST_MARKER)]);
  assert.deepEqual(out('end 【4:0'), ['end ']);
  assert.deepEqual(hold.rest(), [{ text: '【4:0', bracketed: false }]);
  assert.deepEqual(hold.rest(), []);
});

test('however a text is cut, the stream is that text, and its markers come whole', () => {
  const part = fc.oneof(
    fc.constantFrom(
      '【4:0†handbook.md】',
      '[4:1†P]',
      '【',
      '】',
      '[',
      ']',
      '†',
      '4:0',
      '\n',
      '【注意】',
      '[^1]',
      ' and ',
    ),
    fc.string({ unit: 'binary', maxLength: 5 }),
  );
  fc.assert(
    fc.property(
      fc.array(part, { maxLength: 30 }),
      fc.array(fc.nat(12), { maxLength: 40 }),
      (parts, sizes) => {
        const text = parts.join('');
        const hold = new MarkerHold();
        const released = [];
        let at = 0;
        for (const size of sizes) {
          released.push(...hold.push(text.slice(at, at + size)));
          at += size;
        }
        released.push(...hold.push(text.slice(at)), ...hold.rest());
        assert.equal(released.map((each) => each.text).join(''), text);
        // What is cited in the whole is cited in the pieces.
        const inPieces = released.flatMap((each) => (each.bracketed ? cited(each.text) : []));
        assert.deepEqual(inPieces, cited(text));
      },
    ),
    { numRuns: 500 },
  );
});
