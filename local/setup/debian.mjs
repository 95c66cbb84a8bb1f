import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { isRoot, project, show } from './run-command.mjs';

export const canInstallDebianPackages = isRoot && existsSync('/etc/debian_version');

/** Names of the Debian packages that the session agent needs on a developer's machine. */
export function debianPackages() {
  return readFileSync(join(project, 'session/packages-local.txt'), 'utf8')
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '');
}

/** As dpkg notes it when a package is unpacked. */
const isInstalled = (name) =>
  [name, `${name}:amd64`, `${name}:arm64`].some((one) => existsSync(`/var/lib/dpkg/info/${one}.list`));

/** Waits for other users of the package system; fetches its lists only when that is needed. */
export async function installDebianPackages(packages) {
  const apt = (...args) =>
    show(
      'apt-get',
      ['-qq', '-o', 'DPkg::Lock::Timeout=300', ...args],
      { DEBIAN_FRONTEND: 'noninteractive' },
      () => `${packages.filter(isInstalled).length} of ${packages.length} packages and what they need`,
    );
  const install = () => apt('install', '--yes', '--no-install-recommends', ...packages);
  if (await install()) return true;
  return (await apt('update')) && (await install());
}
