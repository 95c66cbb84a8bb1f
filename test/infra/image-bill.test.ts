import assert from 'node:assert/strict';
import { test } from 'node:test';

import { billOfImage } from '../../infra/image-check/bill-of-materials.ts';

/** Of Debian 13: an epoch, a foreign architecture, a source of another name, and a package that was removed. */
const printed = `zlib1g\t1:1.3.dfsg+really1.3.1-1+b1\tamd64\tinstalled\tzlib\t1:1.3.dfsg+really1.3.1-1
libc6:arm64\t2.41-12\tarm64\tinstalled\tglibc\t2.41-12
libcap2-bin\t1:2.75-10+b1\tamd64\tconfig-files\tlibcap2\t1:2.75-10
`;

test('the bill of the image names each package that is installed, its source, and the wheels', () => {
  const bill = billOfImage(printed, ['python_pptx==1.0.2'], 'debian:13-slim') as {
    bomFormat: string;
    components: { name: string; version: string; purl: string; properties?: { value: string }[] }[];
  };
  assert.equal(bill.bomFormat, 'CycloneDX');
  assert.deepEqual(
    bill.components.map(({ name, purl, properties }) => [name, purl, properties?.[0]?.value]),
    [
      ['libc6', 'pkg:deb/debian/libc6@2.41-12?arch=arm64', 'glibc 2.41-12'],
      [
        'zlib1g',
        'pkg:deb/debian/zlib1g@1%3A1.3.dfsg%2Breally1.3.1-1%2Bb1?arch=amd64',
        'zlib 1:1.3.dfsg+really1.3.1-1',
      ],
      ['python_pptx', 'pkg:pypi/python-pptx@1.0.2', undefined],
    ],
  );
});

test('a line that dpkg-query did not print so is an error, not a gap', () => {
  assert.throws(() => billOfImage('zlib1g\t1.3\n', [], 'debian:13-slim'), /no package: zlib1g/);
});
