const FIELDS = [
  ...['binary:Package', 'Version', 'Architecture', 'db:Status-Status'],
  ...['source:Package', 'source:Version'],
];
/** What `dpkg-query --show` is to print for {@link billOfImage}: one package a line. */
export const DPKG_FORMAT = `${FIELDS.map((field) => `\${${field}}`).join('\\t')}\\n`;

/**
 * What the session image is made of, as a software bill of materials in CycloneDX 1.5: Debian's packages with the
 * sources that they were built from (whose names security trackers use), and wheels. The same for the same packages, so it
 * has neither a time nor a serial number.
 * @param packages what dpkg-query printed in {@link DPKG_FORMAT}
 * @param wheels such as `tqdm==4.67.1`
 * @throws for a line that is none of that format
 */
export function billOfImage(packages: string, wheels: readonly string[], base: string): object {
  const lines = packages.split('\n').filter((line) => line !== '');
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.5.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: {
      component: {
        type: 'container',
        name: 'hourglass-session',
        properties: [{ name: 'hourglass:base', value: base }],
      },
    },
    components: [...lines.sort().flatMap(debianPackage), ...[...wheels].sort().map(wheel)],
  };
}

function debianPackage(line: string) {
  const [name, version, architecture, status, source, sourceVersion, ...rest] = line.split('\t');
  if (!name || !version || !architecture || !status || !source || !sourceVersion || rest.length > 0)
    throw new Error(`dpkg-query printed what is no package: ${line}`);
  // Removed packages may leave their settings behind.
  if (status !== 'installed') return [];
  // Of an architecture that is not the machine's own, dpkg says it in the name as well.
  const plain = name.replace(/:.*$/, '');
  const purl = `pkg:deb/debian/${encodeURIComponent(plain)}@${encodeURIComponent(version)}?arch=${architecture}`;
  return {
    type: 'library',
    'bom-ref': purl,
    name: plain,
    version,
    purl,
    properties: [{ name: 'hourglass:source', value: `${source} ${sourceVersion}` }],
  };
}

function wheel(pinned: string) {
  const [name = '', version = ''] = pinned.split('==');
  const purl = `pkg:pypi/${name.toLowerCase().replaceAll('_', '-')}@${encodeURIComponent(version)}`;
  return { type: 'library', 'bom-ref': purl, name, version, purl };
}
