import { getDocumentProxy } from 'unpdf';

import { ExtractionError } from '../extraction.ts';
import { tidy } from './tidy.ts';

/** The text of a PDF's pages, in the order in which it is drawn. @throws {ExtractionError} */
export async function pdfText(bytes: Uint8Array): Promise<string> {
  const document = await getDocumentProxy(bytes, {
    verbosity: 0,
    isEvalSupported: false,
    disableFontFace: true,
    useSystemFonts: false,
    // One page that cannot be read must not cost all others.
    stopAtErrors: false,
  }).catch((error: unknown) => {
    throw new ExtractionError('invalid_file', reasonOf(error));
  });
  const pages: string[] = [];
  for (let number = 1; number <= document.numPages; number++) {
    const page = await document.getPage(number);
    const { items } = await page.getTextContent();
    pages.push(items.map((item) => ('str' in item ? item.str + (item.hasEOL ? '\n' : '') : '')).join(''));
    page.cleanup();
  }
  const text = tidy(pages.join('\n\n'));
  if (text === '' && document.numPages > 0) {
    throw new ExtractionError(
      'invalid_file',
      'There is no text in the PDF. If its pages are pictures (a scan), it needs text recognition first.',
    );
  }
  return text;
}

function reasonOf(error: unknown): string {
  return error instanceof Error && error.name === 'PasswordException'
    ? 'The PDF is protected by a password.'
    : 'The PDF is damaged and cannot be read.';
}
