import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { zipSync } from 'fflate';

import { AUTO_CHUNKS } from '../../shared/search/extract/extraction.ts';
import { type ExtractorLimits, ThreadExtractor } from '../../shared/search/extract/thread-extractor.ts';
import { doc, docx, office, pdf, pptx } from './sample-files.ts';

describe('text out of files', () => {
  let extractor: ThreadExtractor;
  before(() => {
    extractor = new ThreadExtractor();
  });
  after(() => extractor.close());
  const text = async (name: string, content: Uint8Array | string) =>
    Buffer.from(await extractor.extract(name, Uint8Array.from(Buffer.from(content as string)))).toString(
      'utf8',
    );
  const refused = (name: string, content: Uint8Array | string, code: string, message: RegExp) =>
    assert.rejects(text(name, content), { name: 'ExtractionError', code, message });

  const programs = 'c cpp cs css go java js json md php py rb sh tex ts txt'.split(' ');
  it('is the file itself for every kind of program and text', async () => {
    for (const extension of programs)
      assert.equal(await text(`a.${extension}`, 'x = "ä";\r\n'), 'x = "ä";\n');
  });

  const encodings: [what: string, bytes: Buffer, expected: string][] = [
    ['UTF-8 with a mark', Buffer.from('\ufeffGröße'), 'Größe'],
    ['UTF-16 with a mark', Buffer.from('\ufeffGröße 汉字', 'utf16le'), 'Größe 汉字'],
    ['UTF-16 without one', Buffer.from('The size is 42. Größe.', 'utf16le'), 'The size is 42. Größe.'],
    ['UTF-16, highest byte first', Buffer.from('\ufeffsize', 'utf16le').swap16(), 'size'],
    ['UTF-8 with one wrong byte', Buffer.from([...Buffer.from('Größe ändern'), 0xff]), 'Größe ändern\ufffd'],
    ['Windows-1252', Buffer.from('Gr\xf6\xdfe \x8420\x93', 'latin1'), 'Größe „20“'],
    [
      'a stray control character',
      Buffer.from('a\0b\x1fc and much more text that is as it should be, page after page'),
      'abc and much more text that is as it should be, page after page',
    ],
    ['nothing', Buffer.alloc(0), ''],
  ];
  for (const [what, bytes, expected] of encodings) {
    it(`is read from ${what}`, async () => assert.equal(await text('a.txt', bytes), expected));
  }

  it('is decided by the extension, whatever its case', async () => {
    assert.equal(await text('A.MD', 'x'), 'x');
    assert.match(await text('REPORT.PDF', pdf(['Big letters'])), /Big letters/);
    assert.match(await text('archive.tar.Txt', 'x'), /x/);
  });

  for (const name of [
    'a.csv',
    'a.xlsx',
    'a.xml',
    'a.png',
    'a.zip',
    'a',
    'a.',
    '.txt/b',
    'a.__proto__',
    'a.constructor',
  ]) {
    it(`is not to be had from ${name}`, () =>
      refused(name, 'x', 'unsupported_file', /file search takes .*\.txt/));
  }

  it('is what a reader sees of a page', async () => {
    const page = `<!doctype html><html><head><title>Title</title><style>p{}</style><script>evil()</script></head>
      <body><h1>Head&amp;line</h1><p>One<br>two   three</p><table><tr><td>a</td><td>b</td></tr></table>
      <pre>  keep\n   this</pre><img alt="a cat"><template>not this</template></body></html>`;
    const shown = await text('a.html', page);
    assert.match(shown, /^Title\n+Head&line\n+One\ntwo three\n/);
    assert.match(shown, /a b|a\tb/);
    assert.match(shown, /keep\n ?this[\s\S]*a cat/);
    assert.doesNotMatch(shown, /evil|not this|p\{\}/);
    assert.equal(
      await text('b.html', Buffer.from('<meta charset="gbk"><p>\xba\xba\xd7\xd6</p>', 'latin1')),
      '汉字',
    );
    assert.equal(await text('c.html', '<p>never closed <b>bold <script>x'), 'never closed bold');
  });

  it('is in a PDF, page by page', async () => {
    assert.match(
      await text('a.pdf', pdf(['First page\nsecond line', 'Second page'])),
      /First page\nsecond line\n+Second page/,
    );
  });
  it('is not in a PDF of pictures, and the reason says so', () =>
    refused('scan.pdf', pdf(['']), 'invalid_file', /text recognition/));
  it('is not in what only claims to be a PDF', () => refused('a.pdf', 'hello', 'invalid_file', /damaged/));

  it('is in a Word document, with its notes, and without what stands there twice', async () => {
    const more = {
      'word/document.xml': `<w:document><w:p><w:t>One &amp; </w:t><w:t>two</w:t></w:p><w:tbl><w:tr><w:tc><w:p><w:t>cell</w:t></w:p></w:tc></w:tr></w:tbl>
        <mc:AlternateContent><mc:Choice><w:txbxContent><w:p><w:t>in a box</w:t></w:p></w:txbxContent></mc:Choice><mc:Fallback><w:t>in a box</w:t></mc:Fallback></mc:AlternateContent><w:instrText>PAGE</w:instrText></w:document>`,
      'word/footnotes.xml': '<w:footnotes><w:p><w:t>a note</w:t></w:p></w:footnotes>',
    };
    const shown = await text('a.docx', docx([], more));
    assert.match(shown, /^One & two\n+cell/);
    assert.match(shown, /a note$/);
    assert.equal(shown.split('in a box').length, 2);
    assert.doesNotMatch(shown, /PAGE/);
  });
  it('is in slides, in the order of their numbers', async () => {
    assert.match(
      await text('a.pptx', pptx({ 10: ['ten'], 2: ['two', 'more'], 1: ['one'] })),
      /^one\n+two\nmore\n+ten$/,
    );
  });
  it('is in a Word document of 1997', async () => {
    assert.equal(await text('a.doc', doc('Old words\rand Größe')), 'Old words\nand Größe');
    assert.equal(await text('b.doc', docx(['new in an old name'])), 'new in an old name');
    await refused('c.doc', '{\\rtf1 hello}', 'invalid_file', /no Word document/);
  });
  const damaged: [string, Uint8Array | string, RegExp][] = [
    ['a.docx', 'hello', /damaged/],
    ['a.docx', office({ 'other.xml': 'x' }), /no Word document/],
    ['a.docx', docx(['cut off']).slice(0, 40), /damaged/],
    ['a.docx', doc('old'), /password|older/],
    ['a.pptx', docx(['x']), /no slides/],
    ['a.doc', doc('x').subarray(0, 1000), /damaged/],
    ['a.txt', randomBytes(4096), /not text/],
    ['a.md', pdf(['x']).fill(0, 20, 400), /not text/],
  ];
  for (const [name, content, reason] of damaged) {
    it(`is not in a damaged ${name} (${reason.source})`, () =>
      refused(name, content, 'invalid_file', reason));
  }

  it('of a bomb costs nothing but its refusal', async () => {
    const huge = zipSync({ 'word/document.xml': new Uint8Array(150 * 1024 * 1024) });
    assert.ok(huge.length < 1024 * 1024);
    await refused('bomb.docx', huge, 'invalid_file', /unpacks to more/);
  });

  it('is read again after a file that ended its thread, in no more than the time and memory of one file', async () => {
    const tight = async (
      limits: Partial<ExtractorLimits>,
      name: string,
      bytes: Uint8Array,
      reason: RegExp,
    ) => {
      const strict = new ThreadExtractor(limits);
      await assert.rejects(strict.extract(name, bytes), { code: 'invalid_file', message: reason });
      const next = new ThreadExtractor({});
      assert.equal(
        Buffer.from(await next.extract('a.txt', Buffer.from('still here'))).toString(),
        'still here',
      );
      await Promise.all([strict.close(), next.close()]);
    };
    const deep = '<div>'.repeat(400_000);
    await tight({ timeMs: 1 }, 'a.html', Buffer.from(deep), /more time/);
    await tight(
      { heapMegabytes: 12 },
      'a.html',
      Buffer.from(`<p>${'many words '.repeat(2_000_000)}`),
      /more memory/,
    );
  });

  it('is read file by file; one that nobody wants any more is given up', async () => {
    const gone = new AbortController();
    const [one, two, three] = [
      text('a.txt', 'one'),
      extractor.extract('b.txt', Buffer.from('two'), gone.signal),
      text('c.txt', 'three'),
    ];
    gone.abort(new Error('not wanted'));
    await assert.rejects(two, /not wanted/);
    assert.deepEqual([await one, await three], ['one', 'three']);
  });

  it('is taken out without the environment, and without keeping the process from others', async () => {
    const long = Buffer.from('The quick brown fox jumps over the lazy dog again and again. '.repeat(40_000));
    let longest = 0;
    let last = performance.now();
    const timer = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 5);
    const begun = performance.now();
    const extracted = await extractor.extract('a.txt', long);
    const { passages, tokens } = await extractor.chunk(extracted, AUTO_CHUNKS);
    const took = performance.now() - begun;
    await delay(10);
    clearInterval(timer);
    assert.ok(passages.length > 1000 && tokens > 400_000);
    // Told by the share, since other processes hold this one up as well.
    assert.ok(longest < Math.max(250, took / 2), `${longest} of ${took} ms`);
  });
});
