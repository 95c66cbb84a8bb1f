import { Parser } from 'htmlparser2';

import { plainText } from './plain-text.ts';
import { tidy } from './tidy.ts';

const SILENT = new Set(['script', 'style', 'template', 'noscript', 'svg', 'iframe', 'object', 'select']);
const PARAGRAPHS = new Set(
  (
    'address article aside blockquote body center dd details dialog div dl dt fieldset figcaption figure footer form h1 ' +
    'h2 h3 h4 h5 h6 header hr legend li main menu nav ol p pre section summary table title tr ul'
  ).split(' '),
);
const CELLS = new Set(['td', 'th']);
const HEAD_BYTES = 2048;

/** What a reader sees of a page, in lines. */
export function htmlText(bytes: Uint8Array): string {
  const source = plainText(bytes, declaredEncoding(bytes));
  const pieces: string[] = [];
  let silent = 0;
  let kept = 0;
  const parser = new Parser({
    onopentag(name, { alt }) {
      if (SILENT.has(name)) silent += 1;
      if (name === 'pre' || name === 'textarea') kept += 1;
      if (silent > 0) return;
      if (PARAGRAPHS.has(name)) pieces.push('\n\n');
      else if (name === 'br') pieces.push('\n');
      else if (CELLS.has(name)) pieces.push('\t');
      if (name === 'img' && alt) pieces.push(` ${alt} `);
    },
    onclosetag(name) {
      if (SILENT.has(name)) silent = Math.max(0, silent - 1);
      if (name === 'pre' || name === 'textarea') kept = Math.max(0, kept - 1);
      if (silent === 0 && PARAGRAPHS.has(name)) pieces.push('\n');
    },
    ontext(text) {
      if (silent === 0) pieces.push(kept > 0 ? text : text.replace(/\s+/g, ' '));
    },
  });
  parser.write(source);
  parser.end();
  return tidy(pieces.join(''));
}

function declaredEncoding(bytes: Uint8Array): string | undefined {
  const head = new TextDecoder('latin1').decode(bytes.subarray(0, HEAD_BYTES));
  return /<meta[^>]+charset\s*=\s*["']?([\w.:-]+)/i.exec(head)?.[1];
}
