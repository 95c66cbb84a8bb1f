/**
 * `node local/arm/write-image-filters.ts`: writes the filters that the session's image installs, for each architecture that
 * it can be built for. They are made of the same table as the local sandboxes'; a test tells when they are not.
 */
import { writeFileSync } from 'node:fs';

import { imageFilters } from './image-filters.ts';

for (const [file, program] of imageFilters()) writeFileSync(file, program);
