import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';

import { type Answer, answerTo } from './answer.ts';
import type { Request } from './conversation.ts';

export interface DemoModel {
  /** For OPENAI_BASE_URL, with `/v1`. */
  readonly url: string;
  stop(): Promise<void>;
}

export interface DemoModelOptions {
  /** Default: any free one. */
  readonly port?: number;
  /** Pause between words, in milliseconds, so that streaming can be seen. */
  readonly wordDelayMs?: number;
}

/** Under which it shows everywhere. Requests may name any model. */
export const DEMO_MODEL = 'demo';
const WORD_DELAY_MS = 12;
const CODE_PIECE_CHARACTERS = 16;

/** Starts the demo model: a Chat Completions server on loopback, for machines without a model. */
export async function startDemoModel(options: DemoModelOptions = {}): Promise<DemoModel> {
  const wordDelayMs = options.wordDelayMs ?? WORD_DELAY_MS;
  const server = createServer((request, response) => {
    handle(request, response, wordDelayMs).catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      if (response.headersSent) response.destroy();
      else sendError(response, 400, `The demo model could not read the request: ${message}`);
    });
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  wordDelayMs: number,
): Promise<void> {
  const path = request.url?.split('?')[0];
  if (request.method === 'GET' && path === '/v1/models') {
    const data = [{ id: DEMO_MODEL, object: 'model', created: 0, owned_by: 'hourglass' }];
    return sendJson(response, 200, { object: 'list', data });
  }
  if (request.method !== 'POST' || path !== '/v1/chat/completions') {
    return sendError(response, 404, `The demo model knows no ${request.method} ${path}.`);
  }
  const body: Request = JSON.parse(await readText(request));
  if (!Array.isArray(body.messages))
    return sendError(response, 400, "Missing required parameter: 'messages'.");
  const answer = answerTo(body);
  if (body.stream) await stream(body, answer, response, wordDelayMs);
  else sendJson(response, 200, completion(body, answer));
}

async function stream(
  body: Request,
  answer: Answer,
  response: ServerResponse,
  wordDelayMs: number,
): Promise<void> {
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
  });
  const head = headOf('chat.completion.chunk');
  const send = (fields: object) => response.write(`data: ${JSON.stringify({ ...head, ...fields })}\n\n`);
  const sendDelta = (delta: object, finish_reason: string | null = null) =>
    send({ choices: [{ index: 0, delta, finish_reason }] });
  sendDelta({ role: 'assistant', content: '' });
  for (const delta of deltas(answer)) {
    await delay(wordDelayMs);
    // Whoever left needs no more words.
    if (response.destroyed) return;
    sendDelta(delta);
  }
  sendDelta({}, finishReason(answer));
  if (body.stream_options?.include_usage) send({ choices: [], usage: usage(body, answer) });
  response.end('data: [DONE]\n\n');
}

function* deltas({ text, toolCalls }: Answer): Generator<object> {
  for (const word of text?.match(/\s*\S+\s*$|\s*\S+/g) ?? []) yield { content: word };
  for (const [index, call] of (toolCalls ?? []).entries()) {
    yield { tool_calls: [{ ...toolCall(call), index, function: { name: call.name, arguments: '' } }] };
    for (let start = 0; start < call.arguments.length; start += CODE_PIECE_CHARACTERS) {
      const piece = call.arguments.slice(start, start + CODE_PIECE_CHARACTERS);
      yield { tool_calls: [{ index, function: { arguments: piece } }] };
    }
  }
}

function completion(body: Request, answer: Answer): object {
  const message = {
    role: 'assistant',
    content: answer.text ?? null,
    refusal: null,
    ...(answer.toolCalls ? { tool_calls: answer.toolCalls.map(toolCall) } : {}),
  };
  const choices = [{ index: 0, message, logprobs: null, finish_reason: finishReason(answer) }];
  return { ...headOf('chat.completion'), choices, usage: usage(body, answer) };
}

const finishReason = ({ toolCalls }: Answer): string => (toolCalls ? 'tool_calls' : 'stop');

const toolCall = (call: { name: string; arguments: string }) => ({
  id: `call_${randomUUID().replaceAll('-', '').slice(0, 24)}`,
  type: 'function',
  function: call,
});

const headOf = (object: string) => ({
  id: `chatcmpl-${randomUUID()}`,
  object,
  created: Math.floor(Date.now() / 1000),
  model: DEMO_MODEL,
});

/** The demo model's tokens are words. */
function usage(body: Request, answer: Answer) {
  const words = (value: unknown) => JSON.stringify(value ?? '').split(/\s+/).length;
  const prompt_tokens = words(body.messages);
  const completion_tokens = words(answer.text ?? answer.toolCalls);
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
}

const sendError = (response: ServerResponse, status: number, message: string): void =>
  sendJson(response, status, { error: { message, type: 'invalid_request_error', param: null, code: null } });

function sendJson(response: ServerResponse, status: number, content: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(content));
}
