import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { test } from 'node:test';

import { imageFilters } from '../../local/arm/image-filters.ts';

for (const [file, program] of imageFilters()) {
  test(`the image installs the filter of the local sandboxes: ${basename(file)}`, () => {
    assert.deepEqual(readFileSync(file), program, 'node local/arm/write-image-filters.ts writes it anew');
    assert.equal(program.length % 8, 0, 'whole instructions');
    assert.ok(program.length / 8 < 4096, 'as many as the kernel takes');
  });
}
