import { createHash, randomBytes } from 'node:crypto';

import { suffixOf } from './places.ts';
import type { SessionRecord } from './session-record.ts';

/**
 * A thread's sessions follow each other, each in a container group of its own with a name of its own:
 * `hg-<of the thread>-<sessions before>-<chance>`, and where it is not at home `-<place>`. A name is never used twice, so a late deletion cannot hit a
 * successor. Valid for Azure: 1–63 lower-case letters, digits and dashes.
 */
const NAME = /^hg-[0-9a-f]{20}-(\d{1,9})-[0-9a-f]{12}(?:-[a-z][a-z0-9]{0,14})?$/;
const MAX_COUNT = 999_999_999;

export function newIncarnation(options: {
  threadId: string;
  previous: SessionRecord | undefined;
  installation: string;
  now: number;
  ttlMs: number;
  /** Where it is to live. */
  place: string;
}): SessionRecord {
  const { threadId, previous, now } = options;
  const thread = createHash('sha256')
    .update(`${options.installation}/${threadId}`)
    .digest('hex')
    .slice(0, 20);
  const before = previous ? sessionsBefore(previous) + (previous.state === 'ready' ? 1 : 0) : 0;
  return {
    threadId,
    project: undefined,
    group: `hg-${thread}-${Math.min(before, MAX_COUNT)}-${randomBytes(6).toString('hex')}${suffixOf(options.place)}`,
    token: randomBytes(32).toString('base64url'),
    address: undefined,
    state: 'starting',
    createdAt: now,
    deadline: now + options.ttlMs,
    bootId: undefined,
  };
}

/** How many sessions of the thread were in use before this one: above 0, variables have been lost. */
export const sessionsBefore = (record: SessionRecord): number => Number(NAME.exec(record.group)?.[1] ?? 0);
