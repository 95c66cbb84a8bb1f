import type { Attributes } from '../filter.ts';
import type { SegmentInfo } from './manifest.ts';
import { decodeSegment, type Segment, type SegmentSizes } from './segment.ts';

/** What is appended to the log of an index; each in one block, which is written whole or not at all. */
export type LogEntry =
  | { readonly type: 'file'; readonly segment: Segment; readonly bytes: number }
  /** A file too large for an entry has a segment of its own. */
  | { readonly type: 'segment'; readonly info: SegmentInfo }
  | { readonly type: 'removal'; readonly fileId: string; readonly attempt: number }
  | {
      readonly type: 'attributes';
      readonly fileId: string;
      readonly attributes: Attributes | null;
      readonly revision: number;
    };

type Header =
  | { readonly type: 'file'; readonly sizes: SegmentSizes }
  | Exclude<LogEntry, { readonly type: 'file' }>;

const LENGTH_BYTES = 4;

export function encodeEntry(header: Header, payload: readonly Uint8Array[] = []): Buffer {
  const text = Buffer.from(JSON.stringify(header));
  const lengths = Buffer.alloc(2 * LENGTH_BYTES);
  const body = payload.reduce((sum, { length }) => sum + length, 0);
  lengths.writeUInt32LE(LENGTH_BYTES + text.length + body, 0);
  lengths.writeUInt32LE(text.length, LENGTH_BYTES);
  return Buffer.concat([lengths, text, ...payload]);
}

/** @returns the entries that are complete, and how many bytes they are */
export function decodeEntries(bytes: Buffer): { entries: LogEntry[]; read: number } {
  const entries: LogEntry[] = [];
  let at = 0;
  while (at + LENGTH_BYTES <= bytes.length) {
    const end = at + LENGTH_BYTES + bytes.readUInt32LE(at);
    if (end > bytes.length) break;
    entries.push(decodeEntry(bytes.subarray(at + LENGTH_BYTES, end)));
    at = end;
  }
  return { entries, read: at };
}

function decodeEntry(bytes: Buffer): LogEntry {
  const bodyAt = LENGTH_BYTES + bytes.readUInt32LE(0);
  const header = JSON.parse(bytes.toString('utf8', LENGTH_BYTES, bodyAt)) as Header;
  if (header.type !== 'file') return header;
  return {
    type: 'file',
    segment: decodeSegment(bytes.subarray(bodyAt), header.sizes),
    bytes: bytes.length,
  };
}
