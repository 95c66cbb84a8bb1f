import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';

import {
  accepts,
  type Piece,
  piecesOf,
  type RecordedRequest,
  type Turn,
  type TurnOf,
} from './scripted-turn.ts';
import { chunkWriter, completionOf } from './scripted-wire.ts';

/**
 * A Chat Completions server on a real socket that plays a list of turns, one per request, in order. Turns with
 * `when` wait for their request; others go to whoever comes first. A request for which there is no turn is answered
 * with a 400 that says so, and fails {@link ScriptedModel.assertDone}, as do turns that nobody asked for.
 */
export interface ScriptedModel extends AsyncDisposable {
  /** For OPENAI_BASE_URL, with `/v1`. */
  readonly url: string;
  /** Every request to `/chat/completions` so far. */
  readonly requests: readonly RecordedRequest[];
  /** What `GET /models` lists. */
  models: readonly string[];
  add(...turns: readonly (Turn | TurnOf)[]): void;
  /** Answers every request from now on that has no turn of its own: for benches and load tests. */
  respond(responder: TurnOf): void;
  /** Resolves when so many requests have arrived in all. */
  received(count: number): Promise<void>;
  /** @throws when a request came unexpectedly, or turns were not used. */
  assertDone(): void;
  /** Forgets turns, requests and unexpected ones. */
  reset(): void;
  stop(): Promise<void>;
}

export interface ScriptedModelOptions {
  readonly turns?: readonly (Turn | TurnOf)[];
  readonly respond?: TurnOf;
  /** Default: `scripted`. */
  readonly models?: readonly string[];
  readonly port?: number;
}

/** The body of `POST /__script`, for tests whose model runs in another process. `GET` it to see what happened. */
interface Script {
  readonly reset?: boolean;
  readonly turns?: readonly Turn[];
}

/** Answers at once with the user's last text: the instant model of benches. */
export const echo: TurnOf = ({ body }) => {
  const content = body.messages.findLast(({ role }) => role === 'user')?.content;
  return { text: typeof content === 'string' ? content : JSON.stringify(content ?? '') };
};

export async function startScriptedModel(options: ScriptedModelOptions = {}): Promise<ScriptedModel> {
  let turns = [...(options.turns ?? [])];
  let responder = options.respond;
  let requests: RecordedRequest[] = [];
  let unexpected: string[] = [];
  const waiting = new Set<{ count: number; resolve: () => void }>();
  let models = options.models ?? ['scripted'];

  async function nextTurn(request: RecordedRequest): Promise<Turn> {
    const position = turns.findIndex((turn) => accepts(turn, request));
    const turn = position >= 0 ? turns.splice(position, 1)[0] : responder;
    if (typeof turn === 'function') return await turn(request);
    if (turn) return turn;
    const message = `Unexpected model call ${requests.length}: no turn is left for it.`;
    unexpected.push(`${message} Its last message: ${JSON.stringify(request.body.messages.at(-1))}`);
    return {
      error: { status: 400, body: { error: { message, type: 'scripted_model', code: 'unexpected_call' } } },
    };
  }

  function script({ reset, turns: more }: Script): void {
    if (reset) forget();
    turns.push(...(more ?? []));
  }

  function forget(): void {
    turns = [];
    requests = [];
    unexpected = [];
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    if (path === '/__script') {
      if (request.method === 'POST') script(JSON.parse(await readText(request)));
      return sendJson(response, 200, { requests, unexpected, unused: turns.length });
    }
    if (request.method === 'GET') {
      if (!/\/models(\?|$)/.test(path)) return sendJson(response, 404, { error: { message: `No ${path}` } });
      const data = models.map((id) => ({
        id,
        object: 'model',
        created: 1_700_000_000,
        owned_by: 'scripted',
      }));
      return sendJson(response, 200, { object: 'list', data });
    }
    const body = JSON.parse(await readText(request));
    const closed = new Promise<boolean>((resolve) =>
      response.once('close', () => resolve(!response.writableFinished)),
    );
    const recorded = { body, headers: request.headers, path, at: performance.now(), closed };
    requests.push(recorded);
    for (const waiter of waiting) if (requests.length >= waiter.count) waiter.resolve();
    const turn = await nextTurn(recorded);
    await turn.gate;
    if (turn.error) {
      const content = turn.error.body ?? { error: { message: `Scripted status ${turn.error.status}` } };
      return sendJson(response, turn.error.status, content, turn.error.headers);
    }
    if (body.stream) await play(turn, recorded, response);
    else sendJson(response, 200, completionOf(turn, body.model));
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      unexpected.push(`The script failed: ${error instanceof Error ? error.stack : String(error)}`);
      response.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;

  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });

  return {
    url: `http://127.0.0.1:${port}/v1`,
    get requests() {
      return requests;
    },
    get models() {
      return models;
    },
    set models(names) {
      models = names;
    },
    add: (...more) => turns.push(...more),
    respond: (next) => {
      responder = next;
    },
    received: async (count) => {
      if (requests.length >= count) return;
      await new Promise<void>((resolve) => {
        const waiter = {
          count,
          resolve: () => {
            waiting.delete(waiter);
            resolve();
          },
        };
        waiting.add(waiter);
      });
    },
    assertDone: () => {
      const unused = turns.map((turn) => `Unused turn: ${JSON.stringify(turn) ?? 'a function'}`);
      const problems = [...unexpected, ...unused];
      if (problems.length > 0)
        throw new Error(`The scripted model's script did not fit:\n${problems.join('\n')}`);
    },
    reset: forget,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function play(turn: Turn, request: RecordedRequest, response: ServerResponse): Promise<void> {
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
  });
  response.flushHeaders();
  const write = chunkWriter(request.body, response);
  const clientLeft = request.closed.then(() => 'left' as const);
  for (const piece of piecesOf(turn)) {
    if (turn.delayMs) await delay(turn.delayMs);
    const waited = await Promise.race([pause(piece), clientLeft]);
    if (waited === 'left' || response.destroyed) return;
    if (piece === 'drop') {
      // What was written before still arrives; then the chunked body ends in the middle.
      response.socket?.destroySoon();
      return;
    }
    if (piece === 'stall') {
      await clientLeft;
      return;
    }
    write.piece(piece);
  }
  write.end(turn);
}

async function pause(piece: Piece): Promise<void> {
  if (typeof piece === 'string') return;
  if ('waitMs' in piece) await delay(piece.waitMs);
  if ('gate' in piece) await piece.gate;
}

function sendJson(
  response: ServerResponse,
  status: number,
  content: object | string,
  headers: Record<string, string> = {},
): void {
  const type = typeof content === 'string' ? 'text/plain' : 'application/json';
  response.writeHead(status, { 'content-type': type, ...headers });
  response.end(typeof content === 'string' ? content : JSON.stringify(content));
}

/** `node test/support/scripted-model.ts [--echo]`: prints its URL as JSON and serves until it is ended. */
if (import.meta.main) {
  const model = await startScriptedModel(process.argv.includes('--echo') ? { respond: echo } : {});
  console.log(JSON.stringify({ url: model.url }));
}
