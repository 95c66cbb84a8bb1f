import { signal } from '@preact/signals';

import type { Assistant } from './lists.ts';

/** Which sheets are open. On a wide screen the left one always is. */
export const sidebarOpen = signal(false);

/** The run that is inspected, if any. */
export const inspected = signal<string | undefined>(undefined);

/** The assistant that is edited; `new` makes one. */
export const edited = signal<Assistant | 'new' | undefined>(undefined);
