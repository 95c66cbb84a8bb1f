import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import { filePathAnnotations } from '../../shared/engine/turn/file-paths.ts';
import { cpuMs } from '../support/cpu-time.ts';

/** Names in the given order as files `file-0`, `file-1`, …; what is linked, as [text, name]. */
function linked(text: string, names: readonly string[]): [string, string | undefined][] {
  const files = new Map(names.map((name, number) => [name, `file-${number}`]));
  return filePathAnnotations(text, files).map((annotation) => {
    assert.equal(annotation.type, 'file_path');
    const { start_index: start, end_index: end } = annotation;
    assert.equal([...text].slice(start, end).join(''), annotation.text, 'the indices count code points');
    return [annotation.text, names[Number(annotation.file_path.file_id.slice('file-'.length))]];
  });
}

const S = 'sandbox:/mnt/data/';

describe('links to kept files in an answer', () => {
  it('lead to the file that they name', () => {
    const cases: [text: string, name: string, mention?: string][] = [
      [`[Download](${S}a.csv)`, 'a.csv'],
      [`[Download](${S}a.csv "The table")`, 'a.csv'],
      [`[Download](${S}a.csv 'The (big) table')`, 'a.csv'],
      [`[Download](${S}a.csv (The table))`, 'a.csv'],
      [`[Download]( ${S}a.csv )`, 'a.csv'],
      [`![Chart](${S}a.png)`, 'a.png'],
      [`[a](<${S}my table.csv>)`, 'my table.csv'],
      [`[a](<${S}my table.csv> "Title")`, 'my table.csv'],
      [`<${S}my table.csv>`, 'my table.csv'],
      [`[a](${S}my table.csv)`, 'my table.csv'],
      [`[a](${S}my table.csv "My table")`, 'my table.csv'],
      [`[a](${S}a (1).csv)`, 'a (1).csv'],
      [`[a](${S}a ((1) b).csv).`, 'a ((1) b).csv'],
      [`[a](${S}a).csv)`, 'a).csv'],
      [`[a](${S}a(.csv) and (more)`, 'a(.csv'],
      [`([a](${S}a.csv))`, 'a.csv'],
      [`[nodes\\_data.csv](${S}nodes\\_data.csv)`, 'nodes_data.csv', `${S}nodes\\_data.csv`],
      [`[1]: ${S}a.csv "Title"`, 'a.csv'],
      [`<a href="${S}a b.csv">a</a>`, 'a b.csv'],
      [`<a href='${S}a.csv' download>`, 'a.csv'],
      [`<a href=${S}a.csv>a</a>`, 'a.csv'],
      [`<a href="${S}Kosten &amp; Dauer.png">`, 'Kosten & Dauer.png', `${S}Kosten &amp; Dauer.png`],
      [`&lt;${S}a.csv&gt;`, 'a.csv'],
      [`\`${S}a.csv\``, 'a.csv'],
      [`\`\`${S}my file.csv\`\` is it`, 'my file.csv'],
      [`\`cp ${S}a.csv b.csv\``, 'a.csv'],
      [`{"path": "${S}my file.csv"}`, 'my file.csv'],
      [`"${S}a.csv is ready"`, 'a.csv'],
      [`| ${S}a.csv | 12 |`, 'a.csv'],
      [`|${S}a.csv|12|`, 'a.csv'],
      [`**${S}a.csv**`, 'a.csv'],
      [`_${S}a.csv_.`, 'a.csv'],
      [`See ${S}a.csv.`, 'a.csv'],
      [`See ${S}a.csv, and`, 'a.csv'],
      [`See ${S}a.csv… and`, 'a.csv'],
      [`Is it ${S}a.csv?`, 'a.csv'],
      [`(see ${S}a.csv).`, 'a.csv'],
      [`${S}a.csv's rows`, 'a.csv'],
      [`${S}a.csv—which`, 'a.csv'],
      [`${S}a.csv\nnext`, 'a.csv'],
      [`${S}a.csv\\\nnext`, 'a.csv'],
      [`${S}a.csv<br>`, 'a.csv'],
      [`${S}README`, 'README'],
      [`see ${S}README for more`, 'README'],
      [`结果：${S}结果.csv。`, '结果.csv'],
      [`文件${S}结果.csv，请下载`, '结果.csv'],
      [`「${S}結果.csv」を見て`, '結果.csv'],
      [`${S}結果.csvを見て、終わり。`, '結果.csv'],
      [`（${S}结果.csv）`, '结果.csv'],
      [`《${S}结果.csv》`, '结果.csv'],
      [`${S}data.csv를 보세요`, 'data.csv'],
      [`[下载](${S}结果.csv)在这里`, '结果.csv'],
      [`[${S}a.csv](https://example.com)`, 'a.csv'],
      [`${S}año%20fiscal.csv`, 'año fiscal.csv', `${S}año%20fiscal.csv`],
      [`[x](${S}a%C3%B1o fiscal.csv)`, 'año fiscal.csv', `${S}a%C3%B1o fiscal.csv`],
      [
        `[x](${S}Stock%20Portfolio%20%28Q3%29.xlsx)`,
        'Stock Portfolio (Q3).xlsx',
        `${S}Stock%20Portfolio%20%28Q3%29.xlsx`,
      ],
      [
        `[x](${S}Kosten%20%26%20Dauer%20(2024).png)`,
        'Kosten & Dauer (2024).png',
        `${S}Kosten%20%26%20Dauer%20(2024).png`,
      ],
      [`[x](${S}50%.csv)`, '50%.csv'],
      [`[x](${S}50%25.csv)`, '50%.csv', `${S}50%25.csv`],
      [`[x](${S}100%%20sure.csv)`, '100% sure.csv', `${S}100%%20sure.csv`],
      [`[x](${S}a%20b.csv)`, 'a%20b.csv'],
      [`[x](${S}a%2520b.csv)`, 'a%20b.csv', `${S}a%2520b.csv`],
      [`[x](${S}%e4%bd.csv)`, '%e4%bd.csv'],
      [`[x](${S}sub%2Fa.csv)`, 'sub/a.csv', `${S}sub%2Fa.csv`],
      [`[x](${S}sub/deep/a.csv)`, 'sub/deep/a.csv'],
      [`[x](${S}sub//a.csv)`, 'sub/a.csv', `${S}sub//a.csv`],
      [`[x](${S}./a.csv)`, 'a.csv', `${S}./a.csv`],
      [
        `[x](${S}${'Übersicht'.normalize('NFD')}.csv)`,
        'Übersicht.csv',
        `${S}${'Übersicht'.normalize('NFD')}.csv`,
      ],
      [`[x](${S}Übersicht.csv)`, 'Übersicht.csv'.normalize('NFD'), `${S}Übersicht.csv`],
      [`[x](${S}U%CC%88bersicht.csv)`, 'Übersicht.csv', `${S}U%CC%88bersicht.csv`],
      [`[x](${S}데이터.csv)`, '데이터.csv'.normalize('NFD'), `${S}데이터.csv`],
      [`[x](${S}🎉 party.csv) 🎉 then`, '🎉 party.csv'],
      [`[x](${S}Report #3.pdf)`, 'Report #3.pdf'],
      [`[x](${S}report.pdf#page=2)`, 'report.pdf', `${S}report.pdf#page=2`],
      [`[x](${S}report.csv?download=1)`, 'report.csv', `${S}report.csv?download=1`],
      [`See ${S}book.xlsx#Sheet1.`, 'book.xlsx', `${S}book.xlsx#Sheet1`],
      ...['sandbox:/', 'sandbox://', 'sandbox:///', 'Sandbox:/', 'SANDBOX:/', 'sandbox:', 'sandbox:%2F'].map(
        (prefix): [string, string, string] => [
          `[x](${prefix}mnt/data/a.csv)`,
          'a.csv',
          `${prefix}mnt/data/a.csv`,
        ],
      ),
      ['see sandbox:/mnt/data//a.csv', 'a.csv', 'sandbox:/mnt/data//a.csv'],
      ['see sandbox://mnt//data///a.csv', 'a.csv', 'sandbox://mnt//data///a.csv'],
      // Without `sandbox:`, as the destination of a link.
      ['[x](/mnt/data/a.csv)', 'a.csv', '/mnt/data/a.csv'],
      ['[x](</mnt/data//a b.csv>)', 'a b.csv', '/mnt/data//a b.csv'],
      ['<a href="/mnt/data/a.csv">', 'a.csv', '/mnt/data/a.csv'],
    ];
    for (const [text, name, mention = S + name] of cases) {
      assert.deepEqual(linked(text, ['b.csv', name, 'a', 'csv']), [[mention, name]], text);
    }
  });

  it('lead nowhere when they name another one', () => {
    const cases: [text: string, ...names: string[]][] = [
      [`${S}data.xlsx`, 'data.xls'],
      [`[x](${S}data.xlsx)`, 'data.xls', 'data'],
      [`${S}report.csv.gz`, 'report.csv', 'report'],
      [`[x](${S}report.csv.gz)`, 'report.csv'],
      [`${S}report_final.pdf`, 'report'],
      [`[x](${S}report_final.pdf)`, 'report'],
      [`[x](${S}report (draft).pdf)`, 'report', 'report (draft', 'report (draft)'],
      [`[x](${S}report (draft) final.pdf)`, 'report', 'report (draft', 'report (draft)'],
      [`${S}report(1).pdf`, 'report', 'report(1'],
      [`${S}report-final.pdf`, 'report', 'final.pdf'],
      [`${S}my file.csv`, 'my', 'file.csv'],
      [`${S}My Long Report.pdf`, 'My', 'My Long'],
      [`\`${S}my file.csv\``, 'my'],
      [`"${S}my file.csv"`, 'my'],
      [`<a href="${S}a.csv copy.csv">`, 'a.csv'],
      [`<${S}a.csv copy.csv>`, 'a.csv'],
      [`[x](${S}a.csv copy.csv)`, 'a.csv'],
      [`[x](${S}a%20b.csv)`, 'a', 'a%20', 'b.csv'],
      [`${S}a%20b.csv`, 'a'],
      [`[x](${S}a).csv)`, 'a'],
      [`[x](${S}C#.txt)`, 'C'],
      [`${S}C#.txt`, 'C', 'C#'],
      [`${S}data.csv~`, 'data.csv'],
      [`${S}data.csv/part-0`, 'data.csv'],
      [`${S}sub/a.csv`, 'a.csv', 'sub'],
      [`${S}a.csv`, 'sub/a.csv', 'A.csv', 'a.CSV'],
      [`${S}../a.csv`, 'a.csv'],
      [`${S}sub/../a.csv`, 'a.csv', 'sub/a.csv'],
      [`${S}报告（最终）.xlsx`, '报告'],
      [`${S}报告，最终.xlsx`, '报告'],
      [`${S}数据.csv副本.csv`, '数据.csv'],
      [`${S}cafe\u0301.csv`, 'cafe'],
      [`${S}e\u0301`, 'e'],
      ['mysandbox:/mnt/data/a.csv', 'a.csv'],
      ['sandbox:/mnt/database/a.csv', 'a.csv'],
      ['sandbox:/mnt/a.csv', 'a.csv'],
      ['sandbox:/tmp/a.csv', 'a.csv'],
      ['sandbox:/mnt/data/', 'a.csv'],
      ['sandbox:/mnt/data', 'a.csv'],
      ['open("/mnt/data/a.csv")', 'a.csv'],
      ['path = "/mnt/data/a.csv"', 'a.csv'],
      ['saved as /mnt/data/a.csv.', 'a.csv'],
      ['`/mnt/data/a.csv`', 'a.csv'],
      ['[x](https://example.com/mnt/data/a.csv)', 'a.csv'],
      ['[x](/home/mnt/data/a.csv)', 'a.csv'],
      [`${S}constructor`, 'a'],
      [`${S}__proto__`, 'a'],
    ];
    for (const [text, ...names] of cases) assert.deepEqual(linked(text, names), [], text);
  });

  it('of several in a row each leads to its own', () => {
    const text = [
      `[a](${S}a.csv)[b](${S}a.csv.zip) [c](${S}a (2).csv), ${S}a.csv,${S}b/a.csv;`,
      `${S}a.csv.zip。${S}a.csv、${S}nowhere.csv ${S}b/a.csv`,
    ].join('\n');
    const names = ['a.csv', 'a.csv.zip', 'a (2).csv', 'b/a.csv', 'a'];
    assert.deepEqual(
      linked(text, names).map(([, name]) => name),
      ['a.csv', 'a.csv.zip', 'a (2).csv', 'a.csv', 'b/a.csv', 'a.csv.zip', 'a.csv', 'b/a.csv'],
    );
  });

  it('names that differ only in how their accents are composed stay two', () => {
    const names = ['é.csv'.normalize('NFC'), 'é.csv'.normalize('NFD')];
    for (const name of names) {
      assert.deepEqual(linked(`[x](${S}${name})`, names), [[S + name, name]]);
      assert.deepEqual(linked(`[x](${S}${encodeURIComponent(name)})`, names)[0]?.[1], name);
    }
  });

  it('what a name decodes to comes before what it is literally', () => {
    assert.deepEqual(linked(`[x](${S}a%20b.csv)`, ['a%20b.csv', 'a b.csv']), [[`${S}a%20b.csv`, 'a b.csv']]);
  });

  /** Around what is written for a path: [before, after]. */
  const strict: [string, string][] = [
    ['[x](', ')'],
    ['[x](', ' "a title")'],
    ['[x](<', '>)'],
    ['<a href="', '">'],
    ["<img src='", "'>"],
  ];
  const loose: [string, string][] = [
    ['`', '`'],
    ['"', '"'],
    ['see ', ''],
    ['see ', '.'],
    ['', '。そして'],
    ['(', ') and so on'],
    ['🎉 ', '\n'],
  ];
  const name = fc
    .array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 3 })
    .map((parts) => parts.join('/'))
    .filter((path) => !/[\r\n\0]/.test(path) && path.split('/').every((part) => !/^\.{0,2}$/.test(part)));
  const prefix = fc.constantFrom('sandbox:/mnt/data/', 'sandbox:///mnt/data//', 'Sandbox://mnt/data/');
  const composition = fc.constantFrom('NFC', 'NFD');
  /** Each character as it is or percent-encoded, at random; what would be decoded always so. */
  const mixed = (path: string, choices: boolean[]) =>
    [...path]
      .map((character, at) => {
        const asIs = choices[at % choices.length] && !'%\\&'.includes(character);
        return asIs ? character : encodeURIComponent(character.toWellFormed());
      })
      .join('');
  const choices = fc.array(fc.boolean(), { minLength: 1, maxLength: 7 });

  it('any kept name is found in any wrapping and any mixture of encodings', () => {
    const property = fc.property(
      fc.uniqueArray(name, { minLength: 1, maxLength: 6, selector: (path) => path.normalize('NFD') }),
      fc.constantFrom(...strict, ...loose),
      prefix,
      choices,
      composition,
      (names, [before, after], start, how, form) => {
        const mention = start + mixed(names[0]!.normalize(form), how);
        assert.deepEqual(linked(before + mention + after, names), [[mention, names[0]]]);
      },
    );
    fc.assert(property, { numRuns: 2000 });
  });

  const plain = fc
    .string({ unit: fc.constantFrom(...'abC12 ._-()+报é'), minLength: 1, maxLength: 9 })
    .filter((path) => !/^[. ]|[. ]$/.test(path))
    // Brackets that do not match are the end of a Markdown link.
    .filter((path) => !/[()]/.test(path.replace(/\([^()]*\)/g, '').replace(/\([^()]*\)/g, '')));

  it('a name that is not kept is never found, however near it is to one that is', () => {
    const property = fc.property(
      plain,
      fc.array(plain, { maxLength: 3 }),
      fc.array(fc.nat(), { maxLength: 3 }),
      fc.constantFrom(...strict),
      prefix,
      choices,
      (path, others, cuts, [before, after], start, how) => {
        const near = cuts.map((cut) => path.slice(0, cut % path.length)).filter((cut) => cut !== '');
        const names = [...near, `${path}x`, `x${path}`, ...others].filter((other) => other !== path);
        assert.deepEqual(linked(before + start + mixed(path, how) + after, [...new Set(names)]), []);
      },
    );
    fc.assert(property, { numRuns: 2000 });
  });

  it('nor in running text, where its blanks are encoded', () => {
    const property = fc.property(
      plain.filter((path) => /[\da-z]$/i.test(path)),
      fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
      fc.constantFrom(...loose),
      prefix,
      (path, cuts, [before, after], start) => {
        const names = cuts.map((cut) => path.slice(0, cut % path.length)).filter((cut) => cut !== '');
        const said = encodeURIComponent(path);
        assert.deepEqual(linked(before + start + said + after, [...new Set(names)]), []);
      },
    );
    fc.assert(property, { numRuns: 2000 });
  });

  it('are found in a moment, whatever a model writes', () => {
    const names = Array.from({ length: 500 }, (_, number) => `${'a'.repeat(number % 50)}(${number}).csv`);
    const hostile = [
      `[x](${S}a`.repeat(20_000),
      `${S}a${' '.repeat(200)}"`.repeat(1000),
      `[x](${S}${'a)'.repeat(100_000)}`,
      `<${S}${'%41'.repeat(80_000)}`,
      `${S}${'e\u0301'.repeat(100_000)}`,
      `${S}a(1).csv${'.a'.repeat(100_000)}`,
      `[x](${S}a(1).csv "${'x'.repeat(200_000)}`,
      `[x](${S}a(1).csv${' '.repeat(200_000)}`,
      '/mnt/data/'.repeat(25_000),
      `sandbox:${'/'.repeat(250_000)}`,
    ];
    for (const text of hostile) {
      const took = cpuMs(() => void linked(text, names));
      assert.ok(took < 5_000, `${text.slice(0, 60)}: ${took} ms`);
    }
  });
});
