import { formatOf } from './file-types.ts';
import { plainText } from './formats/plain-text.ts';

/** A file's text; each format's library is loaded by its first file. @throws {ExtractionError} */
export async function extractText(fileName: string, bytes: Uint8Array): Promise<string> {
  const format = formatOf(fileName);
  switch (format) {
    case 'text':
      return plainText(bytes);
    case 'html':
      return (await import('./formats/html.ts')).htmlText(bytes);
    case 'pdf':
      return (await import('./formats/pdf.ts')).pdfText(bytes);
    case 'docx':
      return (await import('./formats/office.ts')).docxText(bytes);
    case 'pptx':
      return (await import('./formats/office.ts')).pptxText(bytes);
    case 'doc':
      return (await import('./formats/doc.ts')).docText(bytes);
  }
}
