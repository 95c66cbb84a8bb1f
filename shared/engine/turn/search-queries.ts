/** Of one call; hosted search asked about as many at once. */
const MAX_QUERIES = 8;
const QUERY_CHARACTERS = 4_096;

/**
 * What a model asks a file search for. It is told `{"queries": ["…"]}`, and writes `{"query": "…"}`, a single string,
 * or words that are no JSON, too.
 */
export function queriesIn(written: string): string[] {
  const queries = valuesIn(written)
    .map((query) => [...query.replace(/\s+/g, ' ').trim()].slice(0, QUERY_CHARACTERS).join(''))
    .filter((query) => query !== '');
  return [...new Set(queries)].slice(0, MAX_QUERIES);
}

function valuesIn(written: string): string[] {
  try {
    return stringsIn(JSON.parse(written));
  } catch {
    // No JSON, or cut off: what stands in quotation marks, or all of it.
    const quoted = [...written.matchAll(/"((?:[^"\\]|\\.)*)"(?!\s*:)/g)].map(([, text = '']) => text);
    return quoted.length > 0 ? quoted : [written.replace(/[{}[\]":]+/g, ' ')];
  }
}

function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'number') return [String(value)];
  if (Array.isArray(value)) return value.flatMap(stringsIn);
  if (typeof value !== 'object' || value === null) return [];
  const { queries, query, q } = value as { queries?: unknown; query?: unknown; q?: unknown };
  const known = [queries, query, q].flatMap(stringsIn);
  return known.length > 0 ? known : Object.values(value).flatMap(stringsIn);
}
