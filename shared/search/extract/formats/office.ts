import { Parser } from 'htmlparser2';

import { ExtractionError } from '../extraction.ts';
import { tidy } from './tidy.ts';
import { unzip } from './zip.ts';

/** Handed to the parser at a time, in bytes. */
const PIECE_BYTES = 256 * 1024;

/** Body, then foot and end notes, of a Word document. @throws {ExtractionError} */
export function docxText(bytes: Uint8Array): string {
  const parts = unzip(bytes, (name) => /^word\/(document\d*|footnotes|endnotes)\.xml$/i.test(name));
  const body = [...parts.keys()].find((name) => /document\d*\.xml$/i.test(name));
  const read = (name: string | undefined) => {
    const xml = name === undefined ? undefined : parts.get(name);
    return xml ? xmlText(xml, 'w') : '';
  };
  if (body === undefined) throw new ExtractionError('invalid_file', 'The file holds no Word document.');
  const notes = [...parts.keys()].filter((name) => name !== body).sort((a, b) => b.localeCompare(a));
  return tidy([body, ...notes].map(read).join('\n\n'));
}

/** Slides with their notes, in their numbers' order. @throws {ExtractionError} */
export function pptxText(bytes: Uint8Array): string {
  const parts = unzip(bytes, (name) => /^ppt\/(slides\/slide|notesSlides\/notesSlide)\d+\.xml$/.test(name));
  if (parts.size === 0) throw new ExtractionError('invalid_file', 'The file holds no slides.');
  const numberOf = (name: string) => Number(/(\d+)\.xml$/.exec(name)?.[1] ?? 0);
  const names = [...parts.keys()].sort(
    (a, b) => numberOf(a) - numberOf(b) || Number(a.includes('notes')) - Number(b.includes('notes')),
  );
  return tidy(names.map((name) => xmlText(parts.get(name) as Uint8Array, 'a')).join('\n\n'));
}

/**
 * The words of WordprocessingML (`w`) or DrawingML (`a`). What stands there again for older programs is left out;
 * so are field codes, which are no text elements.
 */
function xmlText(xml: Uint8Array, prefix: 'w' | 'a'): string {
  const pieces: string[] = [];
  let inText = 0;
  let fallback = 0;
  const tag = (name: string) => `${prefix}:${name}`;
  const parser = new Parser(
    {
      onopentagname(name) {
        if (name === 'mc:Fallback') fallback += 1;
        if (fallback > 0) return;
        if (name === tag('t')) inText += 1;
        else if (name === tag('tab')) pieces.push('\t');
        else if (name === tag('br') || name === tag('cr')) pieces.push('\n');
        else if (name === tag('noBreakHyphen')) pieces.push('-');
      },
      onclosetag(name) {
        if (name === 'mc:Fallback') fallback = Math.max(0, fallback - 1);
        if (fallback > 0) return;
        if (name === tag('t')) inText = Math.max(0, inText - 1);
        else if (name === tag('p')) pieces.push('\n');
        else if (name === tag('tc')) pieces.push('\t');
        else if (name === tag('tr')) pieces.push('\n');
      },
      ontext(text) {
        if (inText > 0 && fallback === 0) pieces.push(text);
      },
    },
    { xmlMode: true },
  );
  const decoder = new TextDecoder();
  for (let at = 0; at < xml.length; at += PIECE_BYTES) {
    parser.write(decoder.decode(xml.subarray(at, at + PIECE_BYTES), { stream: true }));
  }
  parser.end(decoder.decode());
  return pieces.join('');
}
