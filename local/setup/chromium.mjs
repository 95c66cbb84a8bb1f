import { canInstallDebianPackages, installDebianPackages } from './debian.mjs';
import { probe } from './run-command.mjs';

/** Fonts come with it: a page without glyphs has no width. */
const PACKAGES = ['chromium', 'fonts-dejavu-core'];
const NAMES = ['/usr/bin/chromium', 'chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];

/** The browser in which the playground is tested: CHROMIUM, or the first that is installed. */
export function findChromium(environment = process.env) {
  const names = environment.CHROMIUM ? [environment.CHROMIUM] : NAMES;
  for (const name of names) {
    const found = name.includes('/') ? name : probe('which', [name]).output.split('\n')[0];
    if (found && probe(found, ['--version']).ok) return found;
  }
  return undefined;
}

export const NO_CHROMIUM =
  'there is no Chromium here; it is installed by: sudo apt-get install chromium (or name one in CHROMIUM)';

/** As root on Debian. Elsewhere nothing happens: what needs a browser is skipped, and says so. */
export async function installChromium() {
  if (!canInstallDebianPackages) return;
  process.stderr.write('Installing Chromium for the tests of the playground …\n');
  await installDebianPackages(PACKAGES);
}
