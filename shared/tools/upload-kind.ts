/** Bytes of an upload that tell what it is. */
export const TELLING_BYTES = 4096;

type Kind =
  | 'empty'
  | 'utf-8 text'
  | 'other text'
  | 'utf-16 text'
  | 'html'
  | 'office'
  | 'old office'
  | 'zip'
  | 'pdf'
  | 'png'
  | 'jpeg'
  | 'gif'
  | 'gzip'
  | 'rtf'
  | 'parquet'
  | 'sqlite'
  | '7z'
  | 'rar'
  | 'binary';

/** What follows "it is". */
const SENTENCES: Readonly<Record<Kind, string>> = {
  empty: 'empty',
  'utf-8 text': 'plain text',
  'other text': 'text in another encoding than UTF-8, perhaps cp1252',
  'utf-16 text': 'text in UTF-16',
  html: 'an HTML page',
  office: 'a document of a newer Office (xlsx, docx, pptx)',
  'old office': 'a document of an older Office (xls, doc, ppt), or a newer one with a password',
  zip: 'a ZIP archive',
  pdf: 'a PDF',
  png: 'a PNG picture',
  jpeg: 'a JPEG picture',
  gif: 'a GIF picture',
  gzip: 'compressed by gzip',
  rtf: 'rich text (RTF)',
  parquet: 'a Parquet table',
  sqlite: 'an SQLite database',
  '7z': 'a 7z archive',
  rar: 'a RAR archive',
  binary: 'binary data',
};

const TEXT: readonly Kind[] = ['utf-8 text', 'html'];
/** What files with that ending may be without a surprise. Other endings say nothing. */
const EXPECTED: Readonly<Record<string, readonly Kind[]>> = {
  ...Object.fromEntries(
    ['c', 'cpp', 'cs', 'css', 'csv', 'html', 'java', 'js', 'json', 'md', 'php', 'py', 'rb', 'sh', 'tex', 'ts']
      .concat(['tsv', 'txt', 'xml', 'yaml', 'yml', 'jsonl', 'sql'])
      .map((extension) => [extension, TEXT]),
  ),
  csv: ['utf-8 text'],
  tsv: ['utf-8 text'],
  json: ['utf-8 text'],
  xlsx: ['office'],
  xlsm: ['office'],
  docx: ['office'],
  pptx: ['office'],
  xls: ['old office'],
  doc: ['old office'],
  ppt: ['old office'],
  pdf: ['pdf'],
  png: ['png'],
  jpg: ['jpeg'],
  jpeg: ['jpeg'],
  gif: ['gif'],
  zip: ['zip', 'office'],
  gz: ['gzip'],
  parquet: ['parquet'],
};

export const hasTellingName = (filename: string): boolean => extensionOf(filename) in EXPECTED;

/**
 * What an upload is that cannot be read as its name says, to follow "it is"; the empty string when it can.
 * @param start its first {@link TELLING_BYTES} bytes, or all of a shorter one
 */
export function surprise(filename: string, start: Uint8Array): string {
  const kind = kindOf(start);
  const expected = EXPECTED[extensionOf(filename)];
  return expected === undefined || expected.includes(kind) ? '' : SENTENCES[kind];
}

const extensionOf = (filename: string): string => /\.(\w+)$/.exec(filename)?.[1]?.toLowerCase() ?? '';

const MAGIC: readonly (readonly [string, Kind])[] = [
  ['%PDF-', 'pdf'],
  ['\x89PNG', 'png'],
  ['\xff\xd8\xff', 'jpeg'],
  ['GIF8', 'gif'],
  ['\x1f\x8b', 'gzip'],
  ['{\\rtf', 'rtf'],
  ['PAR1', 'parquet'],
  ['SQLite format 3', 'sqlite'],
  ['7z\xbc\xaf', '7z'],
  ['Rar!', 'rar'],
  ['\xd0\xcf\x11\xe0', 'old office'],
  ['\xff\xfe', 'utf-16 text'],
  ['\xfe\xff', 'utf-16 text'],
];

function kindOf(bytes: Uint8Array): Kind {
  const text = Buffer.from(bytes).toString('latin1');
  if (text.trim() === '') return 'empty';
  const known = MAGIC.find(([magic]) => text.startsWith(magic));
  if (known) return known[1];
  if (text.startsWith('PK\x03\x04')) {
    return /\[Content_Types\]\.xml|_rels\/|(?:xl|word|ppt)\//.test(text) ? 'office' : 'zip';
  }
  if (text.includes('\0')) return 'binary';
  if (/^(?:\xef\xbb\xbf)?\s*<(?:!doctype html|html|head|body|table|meta)\b/i.test(text)) return 'html';
  try {
    // What is cut off in the middle of a character is no fault.
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return 'utf-8 text';
  } catch {
    return 'other text';
  }
}
