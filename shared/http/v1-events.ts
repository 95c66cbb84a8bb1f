import { toV1 } from './dialect.ts';

const DATA = 'data: {';

/** A stream of events in the words of v1, whatever pieces it comes in. Comments, ids and the end stay as they are. */
export async function* eventsToV1(source: AsyncIterable<Uint8Array | string>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of source) {
    const text = rest + (typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }));
    const end = text.lastIndexOf('\n') + 1;
    rest = text.slice(end);
    if (end > 0) yield text.slice(0, end).split('\n').map(lineToV1).join('\n');
  }
  if (rest !== '') yield rest;
}

function lineToV1(line: string): string {
  if (!line.startsWith(DATA)) return line;
  return `data: ${JSON.stringify(toV1(JSON.parse(line.slice(DATA.length - 1)) as object))}`;
}
