import type { Row } from '../scene/row.ts';
import { assistants } from './assistants.ts';
import { doors, firstVersion } from './doors.ts';
import { errors } from './errors.ts';
import { files, models } from './files.ts';
import { habits } from './habits.ts';
import { isolation } from './isolation.ts';
import { lists } from './lists.ts';
import { messages } from './messages.ts';
import { runs } from './runs.ts';
import { streams } from './streams.ts';
import { threads } from './threads.ts';
import { tools } from './tools.ts';
import { vectorStores } from './vector-stores.ts';

/** The suite: what clients may rely on, a row for each behaviour. */
export const rows: readonly Row[] = [
  ...models,
  ...assistants,
  ...threads,
  ...messages,
  ...files,
  ...vectorStores,
  ...runs,
  ...tools,
  ...streams,
  ...lists,
  ...doors,
  ...firstVersion,
  ...habits,
  ...errors,
  ...isolation,
];
