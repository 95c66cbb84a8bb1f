import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

import { ApiError, badRequest } from '../api/error.ts';
import { type Clock, SECOND } from '../clock.ts';
import { newId } from '../ids.ts';
import type { OperationName } from '../operations/all.ts';
import type { Operation } from '../operations/operation.ts';
import type { KeptAnswer, KeptAnswerStore, KeptRow } from '../store/kept-answers.ts';
import type { BodySource } from './body.ts';
import { type FormDigest, watchForm } from './form-digest.ts';
import { readForm } from './multipart.ts';
import { JsonReply, type Reply, StreamReply } from './reply.ts';

interface RunPlace {
  readonly threadId: string;
  readonly runId: string;
}

/** A request that can be sent again without being done again. */
export interface OnceOnly {
  /** Names the request within the project; stands in what is made, so that it is found after a crash. */
  readonly mark: string;
  /** Ids that were set aside for this request, the same at each try. */
  readonly reserved: Readonly<Record<string, string>>;
  /** Whether an earlier try ended without a word, so that what it made may be there. */
  readonly resumed: boolean;
  /** The run whose events were the first answer, and are to be it again. */
  readonly replay?: RunPlace;
}

export interface Once {
  readonly project: string;
  readonly operation: OperationName;
  /** As the client wrote it. */
  readonly key: string;
  /** What the request asks for, but for a form. */
  readonly request: unknown;
  /** What is in the request's form: of one that is read by the work, and of one that only has to be compared. */
  readonly form?: { readonly digest: FormDigest; readonly read: () => Promise<void> };
  /** Ids to be set aside. */
  readonly reserve: () => Record<string, string>;
}

/** How long nothing may be heard of who does it before another may. */
const LEASE_MS = 60 * SECOND;
/** How long a second request waits for the first one's answer. */
const PATIENCE_MS = 20 * SECOND;
const FIRST_LOOK_MS = 50;
const KEY = /^[\x20-\x7e]{1,255}$/;

/** What is to be done once. */
export function onceOf(
  operation: Operation,
  request: BodySource,
  asked: {
    project: string;
    key: string;
    operation: OperationName;
    params: object;
    query: object;
    body: unknown;
  },
): Once {
  const { project, key, params, query, body } = asked;
  const { form } = operation;
  const read = async () => {
    if (!form) return;
    await readForm(request, form, async ({ content }) => {
      for await (const bytes of content) void bytes;
    });
  };
  return {
    project,
    key,
    operation: asked.operation,
    request: [params, query, body],
    reserve: () => ({ thread: newId('thread', Date.now()) }),
    ...(form ? { form: { digest: watchForm(request), read } } : {}),
  };
}

/** The header's value. @throws {ApiError} 400 */
export function idempotencyKeyOf(headers: Headers): string | undefined {
  const key = headers.get('idempotency-key');
  if (key === null || key === '') return undefined;
  if (KEY.test(key)) return key;
  throw badRequest("Invalid 'Idempotency-Key': expected 1 to 255 printable ASCII characters.");
}

/**
 * Does a request once: who comes again with the same key and the same request gets the first answer, for 24 hours.
 * A request that was refused frees its key. One that ended without a word (the process died) is done again by who
 * comes a minute later; whatever is made under its mark is found then instead of made twice.
 * @throws {ApiError} 409 for another request under the same key, or while the first one is still being done
 */
export async function once(
  { answers, clock }: { readonly answers: KeptAnswerStore; readonly clock: Clock },
  request: Once,
  work: (once: OnceOnly) => Promise<object | Reply>,
): Promise<object | Reply> {
  const { project, operation, key } = request;
  const mark = hash([project, key]);
  const fingerprint = hash([operation, request.request]);
  const owner = randomUUID();
  const begunAt = clock.now();
  await answers.tidy(project, begunAt);
  const first: KeptAnswer = {
    fingerprint,
    begunAt,
    owner,
    ownedUntil: begunAt + LEASE_MS,
    reserved: request.reserve(),
  };
  const { taken, row } = await answers.take(project, mark, first);
  if (taken) return doIt(row, false);
  if (row.document.fingerprint !== fingerprint) throw otherRequest();
  const settled = await settledOrAbandoned(row);
  if (!settled) throw stillBeingDone();
  const { answer, form } = settled.document;
  if (answer && request.form) {
    await request.form.read();
    if (request.form.digest.value() !== form) throw otherRequest();
  }
  if (answer && 'body' in answer) return new JsonReply(answer.body, { 'idempotent-replayed': 'true' });
  if (answer)
    return work({ mark, reserved: settled.document.reserved, resumed: false, replay: answer.stream });
  const mine = await claim(settled);
  return doIt(mine, true);

  async function doIt(held: KeptRow, resumed: boolean): Promise<object | Reply> {
    let current = held;
    const renewal = setInterval(() => void renew(), LEASE_MS / 3);
    async function renew(): Promise<void> {
      const ownedUntil = clock.now() + LEASE_MS;
      const renewed = await answers
        .replace(current, { ...current.document, ownedUntil })
        .catch(() => undefined);
      current = renewed ?? current;
    }
    try {
      const reply = await work({ mark, reserved: held.document.reserved, resumed });
      const answer = answerOf(reply);
      if (answer) await keep(answer);
      return reply;
    } catch (error) {
      // Refused as a whole; what failed halfway keeps its key, and what it made is looked for at the next try.
      if (error instanceof ApiError && error.status < 500) await answers.release(current);
      else await answers.replace(current, { ...current.document, ownedUntil: 0 }).catch(() => undefined);
      throw error;
    } finally {
      clearInterval(renewal);
    }

    async function keep(answer: NonNullable<KeptAnswer['answer']>): Promise<void> {
      clearInterval(renewal);
      for (let tries = 3; tries > 0; tries--) {
        const form = request.form && { form: request.form.digest.value() };
        if (
          await answers.replace(current, { ...current.document, ...form, owner: '', ownedUntil: 0, answer })
        )
          return;
        // A renewal that was on its way, or another who took it for abandoned: then the answer is theirs.
        const newest = await answers.read(current);
        if (newest?.document.owner !== owner) return;
        current = newest;
      }
    }
  }

  /** @returns the row when it has an answer, or when nobody is at it any more */
  async function settledOrAbandoned(found: KeptRow): Promise<KeptRow | undefined> {
    const deadline = clock.now() + PATIENCE_MS;
    let current: KeptRow | undefined = found;
    for (let wait = FIRST_LOOK_MS; current; wait = Math.min(wait * 2, SECOND)) {
      if (current.document.answer || clock.now() >= current.document.ownedUntil) return current;
      if (clock.now() + wait > deadline) return undefined;
      await delay(wait);
      current = await answers.read(current);
    }
    // Refused meanwhile: the key is free, and the client may send it again.
    return undefined;
  }

  async function claim(abandoned: KeptRow): Promise<KeptRow> {
    const document = { ...abandoned.document, owner, ownedUntil: clock.now() + LEASE_MS };
    const mine = await answers.replace(abandoned, document);
    if (!mine) throw stillBeingDone();
    return mine;
  }
}

function answerOf(reply: object | Reply): KeptAnswer['answer'] {
  if (reply instanceof StreamReply) return reply.run && { stream: reply.run };
  return { body: reply instanceof JsonReply ? reply.body : reply };
}

const hash = (parts: readonly unknown[]): string =>
  createHash('sha256')
    .update(JSON.stringify(parts.map((part) => part ?? null)))
    .digest('hex');

const otherRequest = (): ApiError =>
  new ApiError(409, 'This Idempotency-Key was used for another request. Use a new key for each request.', {
    code: 'idempotency_key_reused',
  });

const stillBeingDone = (): ApiError =>
  new ApiError(409, 'The first request with this Idempotency-Key is still being done. Please try again.', {
    code: 'idempotency_in_progress',
    headers: { 'retry-after': '2' },
  });
