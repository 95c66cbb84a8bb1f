/** What one check found. `unknown`: it could not be told, and why. */
export interface Finding {
  readonly verdict: 'pass' | 'fail' | 'unknown';
  readonly found: string;
  /** What to do about it. */
  readonly remedy?: string;
}

export interface Check {
  readonly name: string;
  /** Takes minutes, or leaves bills of more than cents: left out with `--quick`. */
  readonly slow?: boolean;
  run(): Promise<Finding | readonly Finding[]>;
}

export const pass = (found: string): Finding => ({ verdict: 'pass', found });
export const fail = (found: string, remedy: string): Finding => ({ verdict: 'fail', found, remedy });
export const unknown = (found: string, remedy?: string): Finding => ({
  verdict: 'unknown',
  found,
  ...(remedy ? { remedy } : {}),
});

/** Runs checks one after the other; what throws is a finding, too. @returns whether nothing failed */
export async function runChecks(
  checks: readonly Check[],
  options: { readonly quick: boolean; readonly say: (line: string) => void },
): Promise<boolean> {
  let good = true;
  for (const check of checks) {
    const findings =
      check.slow && options.quick
        ? [unknown('left out (--quick)')]
        : [await check.run().catch((error: unknown) => unknown(firstLine(error)))].flat();
    for (const { verdict, found, remedy } of findings) {
      good &&= verdict !== 'fail';
      options.say(`${verdict.padEnd(7)} ${check.name}: ${found}`);
      if (remedy && verdict !== 'pass') options.say(`        → ${remedy}`);
    }
  }
  return good;
}

const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? '';
