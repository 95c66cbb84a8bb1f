/**
 * Takes keys out of a text that a model's server wrote: our own, wherever they stand, and whatever looks like a key
 * or a token (servers quote the key that they refuse, in part or whole).
 */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  let safe = text;
  for (const secret of secrets) if (secret.length >= 4) safe = safe.replaceAll(secret, '[key]');
  return safe
    .replace(/\b(?:sk|pk)-[A-Za-z0-9_*.-]{6,}/g, '[key]')
    .replace(/\bBearer\s+\S+/gi, 'Bearer [key]')
    .replace(/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '[token]')
    .replace(/(:\/\/)[^/\s@]+@/g, '$1');
}
