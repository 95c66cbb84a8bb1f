import WordExtractor from 'word-extractor';

import { ExtractionError } from '../extraction.ts';
import { docxText } from './office.ts';
import { tidy } from './tidy.ts';
import { isOldOffice, isZip } from './zip.ts';

/** A Word document of 97 to 2003; newer ones that kept the name are read as what they are. @throws {ExtractionError} */
export async function docText(bytes: Uint8Array): Promise<string> {
  if (isZip(bytes)) return docxText(bytes);
  if (!isOldOffice(bytes)) {
    throw new ExtractionError('invalid_file', 'The file is no Word document, although its name says so.');
  }
  try {
    const document = await new WordExtractor().extract(
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length),
    );
    return tidy(
      [document.getBody(), document.getTextboxes(), document.getFootnotes(), document.getEndnotes()].join(
        '\n\n',
      ),
    );
  } catch {
    throw new ExtractionError('invalid_file', 'The Word document is damaged or protected by a password.');
  }
}
