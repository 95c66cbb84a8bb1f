import { ApiError, notFound } from '../api/error.ts';
import { StreamReply } from '../http/reply.ts';
import type { FileStore } from '../store/files.ts';

/**
 * A file's bytes as an attachment, streamed; one range of them when the client asks for it.
 * @throws {ApiError} 404, 416
 */
export async function sendFile(
  files: FileStore,
  project: string,
  id: string,
  request: { method: string; headers: Headers },
  signal: AbortSignal,
): Promise<StreamReply> {
  const record = await files.get(project, id);
  if (!record) throw notFound('file', id);
  const { bytes, filename } = record.object;
  const range = rangeOf(request.headers.get('range'), bytes);
  const length = range ? range.last - range.first + 1 : bytes;
  const headers = {
    'content-type': 'application/octet-stream',
    'content-disposition': attachment(filename),
    'content-length': String(length),
    'accept-ranges': 'bytes',
    ...(range ? { 'content-range': `bytes ${range.first}-${range.last}/${bytes}` } : {}),
  };
  const status = range ? 206 : 200;
  if (request.method === 'HEAD') return new StreamReply(nothing(), headers, { status });
  const part = range ? { offset: range.first, count: length } : {};
  const opened = await files.open(project, id, { signal, ...part });
  if (!opened) throw notFound('file', id);
  return new StreamReply(opened.stream, headers, { status });
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** RFC 6266: an ASCII stand-in for old clients, the real name in UTF-8. */
function attachment(filename: string): string {
  const plain = filename.replaceAll(/[^\x20-\x7e]|["\\%]/g, '_');
  const encoded = encodeURIComponent(filename).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}

/** The one range of `bytes=0-99`, `bytes=100-`, `bytes=-100`; what is not understood is ignored, as HTTP asks. */
function rangeOf(header: string | null, size: number): { first: number; last: number } | undefined {
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (from === '' && to === '') return undefined;
  const first = from === '' ? Math.max(0, size - Number(to)) : Number(from);
  const last = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (first <= last) return { first, last };
  if (from !== '' && to !== '' && Number(to) < first) return undefined;
  throw new ApiError(416, `The range '${header}' lies outside of the file's ${size} bytes.`, {
    headers: { 'content-range': `bytes */${size}` },
  });
}
