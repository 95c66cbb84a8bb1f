import { zipSync } from 'fflate';

/** Small files of the binary types, made here from what they shall say. */

export function docx(paragraphs: readonly string[], more: Record<string, string> = {}): Uint8Array {
  const body = paragraphs.map((text) => `<w:p><w:r><w:t>${text}</w:t></w:r></w:p>`).join('');
  return office({ 'word/document.xml': `<w:document><w:body>${body}</w:body></w:document>`, ...more });
}

export function pptx(slides: Record<number, readonly string[]>): Uint8Array {
  return office(
    Object.fromEntries(
      Object.entries(slides).map(([number, lines]) => [
        `ppt/slides/slide${number}.xml`,
        `<p:sld>${lines.map((line) => `<a:p><a:r><a:t>${line}</a:t></a:r></a:p>`).join('')}</p:sld>`,
      ]),
    ),
  );
}

export const office = (parts: Record<string, string>): Uint8Array =>
  zipSync(Object.fromEntries(Object.entries(parts).map(([name, xml]) => [name, Buffer.from(xml)])));

/** One page a text, uncompressed. */
export function pdf(pages: readonly string[]): Buffer {
  const objects: string[] = [];
  const kids = pages.map((_, index) => `${3 + 2 * index} 0 R`).join(' ');
  objects[1] = '<< /Type /Catalog /Pages 2 0 R >>';
  objects[2] = `<< /Type /Pages /Kids [${kids}] /Count ${pages.length} >>`;
  const font = 3 + 2 * pages.length;
  for (const [index, page] of pages.entries()) {
    const lines = page.split('\n').map((line) => `(${line.replace(/[()\\]/g, '\\$&')}) Tj T*`);
    const content = page === '' ? '' : `BT /F1 12 Tf 14 TL 72 720 Td ${lines.join(' ')} ET`;
    objects[3 + 2 * index] =
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents ${4 + 2 * index} 0 R /Resources << /Font << /F1 ${font} 0 R >> >> >>`;
    objects[4 + 2 * index] = `<< /Length ${content.length} >>\nstream\n${content}\nendstream`;
  }
  objects[font] = '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>';
  let text = '%PDF-1.4\n';
  const offsets: number[] = [];
  for (let number = 1; number < objects.length; number++) {
    offsets[number] = text.length;
    text += `${number} 0 obj\n${objects[number]}\nendobj\n`;
  }
  const start = text.length;
  const entries = offsets.slice(1).map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`);
  text += `xref\n0 ${objects.length}\n0000000000 65535 f \n${entries.join('')}`;
  text += `trailer << /Size ${objects.length} /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`;
  return Buffer.from(text, 'latin1');
}

const SECTOR = 512;
const STREAM_SECTORS = 8;
const END = -2;
const FREE = -1;

/** A Word 97 document: a compound file with the streams `WordDocument` (header and text) and `1Table` (where it is). */
export function doc(text: string): Buffer {
  const words = Buffer.alloc(STREAM_SECTORS * SECTOR);
  words.writeUInt16LE(0xa5ec, 0);
  words.writeUInt16LE(0x0200, 0x0a);
  words.writeUInt32LE(0x400, 0x18);
  words.writeUInt32LE(text.length, 0x4c);
  words.write(text, 0x400, 'utf16le');
  const table = Buffer.alloc(STREAM_SECTORS * SECTOR);
  table.writeUInt8(2, 0);
  table.writeUInt32LE(16, 1);
  table.writeUInt32LE(text.length, 9);
  table.writeUInt32LE(0x400, 15);
  const entry = (name: string, type: number, sector: number, size: number, child = FREE, right = FREE) => {
    const bytes = Buffer.alloc(128);
    bytes.write(name, 0, 'utf16le');
    bytes.writeUInt16LE(2 * name.length + 2, 64);
    bytes.writeUInt8(type, 66);
    bytes.writeInt32LE(FREE, 68);
    bytes.writeInt32LE(right, 72);
    bytes.writeInt32LE(child, 76);
    bytes.writeInt32LE(sector, 116);
    bytes.writeInt32LE(size, 120);
    return bytes;
  };
  const directory = Buffer.concat([
    entry('Root Entry', 5, END, 0, 1),
    entry('WordDocument', 2, 2, words.length, FREE, 2),
    entry('1Table', 2, 2 + STREAM_SECTORS, table.length),
    Buffer.alloc(128),
  ]);
  const allocation = Buffer.alloc(SECTOR, 0xff);
  const chain = (first: number, count: number) => {
    for (let i = 0; i < count; i++)
      allocation.writeInt32LE(i === count - 1 ? END : first + i + 1, 4 * (first + i));
  };
  allocation.writeInt32LE(-3, 0);
  chain(1, 1);
  chain(2, STREAM_SECTORS);
  chain(2 + STREAM_SECTORS, STREAM_SECTORS);
  const header = Buffer.alloc(SECTOR, 0xff);
  Buffer.from('D0CF11E0A1B11AE1', 'hex').copy(header);
  header.writeInt16LE(9, 30);
  header.writeInt16LE(6, 32);
  header.writeInt32LE(1, 44);
  header.writeInt32LE(1, 48);
  header.writeInt32LE(4096, 56);
  header.writeInt32LE(END, 60);
  header.writeInt32LE(0, 64);
  header.writeInt32LE(END, 68);
  header.writeInt32LE(0, 72);
  header.writeInt32LE(0, 76);
  return Buffer.concat([header, allocation, directory, words, table]);
}
