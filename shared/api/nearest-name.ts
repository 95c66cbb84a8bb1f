/**
 * The known name that a caller most likely meant, or undefined when none is close: the same letters with
 * other case or separators (`toolChoice`, `tool choice`), or one edit away (two from 8 characters on).
 */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  if (name.length > 64) return undefined;
  const letters = plain(name);
  const same = known.find((candidate) => plain(candidate) === letters);
  if (same !== undefined) return same;
  let best: { name: string; distance: number } | undefined;
  for (const candidate of known) {
    const distance = editDistance(letters, plain(candidate));
    const allowed = candidate.length >= 8 ? 2 : 1;
    if (distance <= allowed && distance < (best?.distance ?? Number.POSITIVE_INFINITY)) {
      best = { name: candidate, distance };
    }
  }
  return best?.name;
}

const plain = (name: string): string => name.toLowerCase().replaceAll(/[\s_.-]/g, '');

/** Insertions, deletions, replacements and swaps of neighbours that lead from one word to the other. */
function editDistance(from: string, to: string): number {
  const rows: number[][] = [Array.from({ length: to.length + 1 }, (_, column) => column)];
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const replaced = from[row - 1] === to[column - 1] ? 0 : 1;
      let distance = Math.min(
        (rows[row - 1]?.[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (rows[row - 1]?.[column - 1] ?? 0) + replaced,
      );
      const swapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (row > 1 && column > 1 && swapped) {
        distance = Math.min(distance, (rows[row - 2]?.[column - 2] ?? 0) + 1);
      }
      current.push(distance);
    }
    rows.push(current);
  }
  return rows[from.length]?.[to.length] ?? 0;
}
