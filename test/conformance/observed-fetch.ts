import { type OperationName, operations } from '../../shared/operations/all.ts';
import { madeObjects } from './clean-up.ts';
import type { PublicDocument } from './public-document.ts';
import { sentEvents } from './scene/event-stream.ts';
import { answers, answersV1 } from './schemas/by-operation.ts';
import { refusal } from './schemas/envelopes.ts';
import { events } from './schemas/events.ts';
import { isLive } from './schemas/run.ts';

/** A `fetch` for clients that checks every answer they get, whatever they are used for. */
export interface ObservedFetch {
  readonly fetch: typeof fetch;
  /** Operations that were done as asked at least once. */
  readonly done: ReadonlySet<OperationName>;
  /** Paths of the objects that were made, for those who clean up. */
  readonly made: ReadonlySet<string>;
  /** What was wrong with the answers since the last call, once all of them have been read. */
  problems(): Promise<string[]>;
}

const table = Object.entries(operations).map(([name, { method, path }]) => ({
  name: name as OperationName,
  method,
  path,
  pattern: new RegExp(`^/(?:openai/v1|openai|v1)${path.replaceAll(/\{\w+\}/g, '[^/]+')}/?$`),
}));
// Names before parameters: `/threads/runs` is no thread.
table.sort((a, b) => a.path.split('{').length - b.path.split('{').length);

export function observeFetch(document: PublicDocument | undefined): ObservedFetch {
  const done = new Set<OperationName>();
  const made = new Set<string>();
  const pending: Promise<void>[] = [];
  let found: string[] = [];

  async function check(request: Request, answer: Response): Promise<void> {
    const { pathname, searchParams } = new URL(request.url);
    const operation = table.find(
      ({ method, pattern }) => method === request.method && pattern.test(pathname),
    );
    const of = `${request.method} ${pathname} answered ${answer.status}`;
    const wrong = (...what: string[]) => found.push(...what.map((problem) => `${of}: ${problem}`));
    const isV1 =
      searchParams.get('api-version') === '2024-02-15-preview' ||
      request.headers.get('openai-beta') === 'assistants=v1';

    wrong(...commonHeaders(answer));
    if (answer.status >= 400) {
      const body = await answer.json();
      wrong(...issuesOf(refusal.safeParse(body)), ...(document?.checkRefusal(body) ?? []));
      if (answer.status >= 500) wrong('a failure');
      return;
    }
    if (!operation) return void wrong('unknown operation');
    done.add(operation.name);
    const schema = answers[operation.name];
    // Unread, the copy would be kept in memory.
    if (schema === 'bytes') return void (await answer.body?.cancel());
    if (answer.headers.get('content-type')?.startsWith('text/event-stream')) {
      wrong(...(await eventProblems(answer, isV1, document, made)));
      return;
    }
    if (schema === 'events') return void wrong('expected a stream of events');
    const body = await answer.json();
    if (operation.method === 'POST') for (const path of madeObjects(body)) made.add(path);
    wrong(...issuesOf(((isV1 && answersV1[operation.name]) || schema).safeParse(body)));
    if (document && !isV1) wrong(...document.checkAnswer(operation.method, operation.path, body));
    if (operation.name === 'getRun') wrong(...pollingAdvice(body, answer));
  }

  return {
    done,
    made,
    fetch: async (input, init) => {
      const request = new Request(input, init);
      const { method, url, headers } = request;
      const answer = await fetch(request);
      // Clients probe `data:` addresses; and the description of the API is no operation of it.
      if (!/^\/(v1|openai)\//.test(new URL(url).pathname)) return answer;
      const copy = answer.clone();
      const seen = new Request(url, { method, headers });
      pending.push(
        check(seen, copy).catch((error: unknown) => void found.push(`${method} ${url}: ${String(error)}`)),
      );
      return answer;
    },
    async problems() {
      while (pending.length > 0) await Promise.all(pending.splice(0));
      const all = found;
      found = [];
      return all;
    },
  };
}

function commonHeaders({ headers }: Response): string[] {
  const problems: string[] = [];
  if (!/^req_\w+$/.test(headers.get('x-request-id') ?? '')) problems.push('no x-request-id');
  if (!/^\d+$/.test(headers.get('openai-processing-ms') ?? '')) problems.push('no openai-processing-ms');
  return problems;
}

/** A run that goes on says when to ask again; one that has ended does not. */
function pollingAdvice(run: unknown, { headers }: Response): string[] {
  const advice = headers.get('openai-poll-after-ms');
  const live = isLive((run as { status: unknown }).status);
  if (live === (advice !== null && /^\d{2,5}$/.test(advice))) return [];
  return [`openai-poll-after-ms is ${advice}`];
}

async function eventProblems(
  answer: Response,
  isV1: boolean,
  document: PublicDocument | undefined,
  made: Set<string>,
): Promise<string[]> {
  if (!answer.body) return ['a stream without a body'];
  const problems: string[] = [];
  let last = '';
  for await (const { event, data } of sentEvents(answer.body)) {
    last = event;
    if (event === 'done') {
      if (data !== '[DONE]') problems.push(`done with ${data}`);
      continue;
    }
    const schema = events[event];
    const value: unknown = JSON.parse(data);
    for (const path of madeObjects(value)) made.add(path);
    if (isV1) continue;
    const issues = schema ? issuesOf(schema.safeParse(value)) : ['unknown event'];
    const all = [...issues, ...(document?.checkEvent(event, value) ?? [])];
    problems.push(...all.map((problem) => `${event}: ${problem}`));
  }
  if (last !== 'done') problems.push(`the stream ended with ${last}`);
  return problems;
}

interface Parsed {
  readonly error?: { readonly issues: readonly { readonly path: readonly PropertyKey[]; message: string }[] };
}

const issuesOf = ({ error }: Parsed): string[] =>
  (error?.issues ?? []).map(({ path, message }) => `${path.map(String).join('.')}: ${message}`);
