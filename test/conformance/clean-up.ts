import type { Target } from './scene/target.ts';

/** What rows leave behind in a deployment: assistants, threads (with their runs and sessions), files, vector stores. */
const kinds: Readonly<Record<string, string>> = {
  asst_: 'assistants',
  thread_: 'threads',
  'file-': 'files',
  vs_: 'vector_stores',
};

/** Paths of the objects that an answer tells of: the object itself, its thread, the file of an upload. */
export function madeObjects(answer: unknown): string[] {
  const { id, thread_id, file } = (answer ?? {}) as Record<string, unknown>;
  const inside = typeof file === 'object' ? madeObjects(file) : [];
  return [id, thread_id].flatMap(pathOf).concat(inside);
}

function pathOf(id: unknown): string[] {
  if (typeof id !== 'string') return [];
  const kind = Object.keys(kinds).find((prefix) => id.startsWith(prefix));
  return kind ? [`/v1/${kinds[kind]}/${id}`] : [];
}

/** Deletes what the keys of the target made. What is gone already stays gone. */
export async function cleanUp({ baseUrl, key, secondKey }: Target, made: ReadonlySet<string>): Promise<void> {
  for (const path of made) {
    for (const secret of [key, secondKey]) {
      if (secret === undefined) continue;
      await fetch(`${baseUrl}${path}`, { method: 'DELETE', headers: { authorization: `Bearer ${secret}` } });
    }
  }
}
