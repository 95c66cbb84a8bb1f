/** Path of the browser in which the playground is tested (CHROMIUM, or the first that is installed), or undefined. */
export function findChromium(environment?: Record<string, string | undefined>): string | undefined;
/** Why tests are skipped, and what helps. */
export const NO_CHROMIUM: string;
/** Where the system's packages can be installed; elsewhere does nothing. */
export function installChromium(): Promise<void>;
