import type { ServerResponse } from 'node:http';

import type OpenAI from 'openai';

import { argumentsOf, finishOf, type Piece, type Turn, usageOf } from './scripted-turn.ts';

/** Writes a turn's pieces as the hosted API writes its chunks. */
export function chunkWriter(body: OpenAI.Chat.ChatCompletionCreateParams, response: ServerResponse) {
  const head = {
    id: `chatcmpl-${crypto.randomUUID()}`,
    object: 'chat.completion.chunk',
    created: Math.floor(Date.now() / 1000),
    model: body.model,
  };
  const wantsUsage = body.stream_options?.include_usage === true;
  const send = (chunk: object) => response.write(`data: ${JSON.stringify(chunk)}\n\n`);
  const sendDelta = (delta: object, finish_reason: string | null = null) =>
    send({ ...head, choices: [{ index: 0, delta, finish_reason }], ...(wantsUsage ? { usage: null } : {}) });

  return {
    piece(piece: Piece): void {
      if (typeof piece === 'string') sendDelta({ content: piece });
      else if ('delta' in piece) sendDelta(piece.delta, piece.finish_reason ?? null);
      else if ('chunk' in piece) send(piece.chunk);
      else if ('raw' in piece) response.write(piece.raw);
    },
    end(turn: Turn): void {
      const finish = finishOf(turn);
      if (finish !== null) sendDelta({}, finish);
      const usage = usageOf(turn);
      if (usage && wantsUsage && finish !== null) send({ ...head, choices: [], usage });
      if (finish !== null) response.write('data: [DONE]\n\n');
      response.end();
    },
  };
}

/** The same turn for a request without `stream`. */
export function completionOf(turn: Turn, model: string): object {
  const text = turn.text === undefined ? null : [turn.text].flat().join('');
  const tool_calls = turn.toolCalls?.map((call, index) => ({
    id: call.id ?? `call_${index}`,
    type: 'function',
    function: { name: call.name, arguments: argumentsOf(call) },
  }));
  const message = { role: 'assistant', content: text, refusal: null, ...(tool_calls ? { tool_calls } : {}) };
  return {
    id: `chatcmpl-${crypto.randomUUID()}`,
    object: 'chat.completion',
    created: Math.floor(Date.now() / 1000),
    model,
    choices: [{ index: 0, message, finish_reason: finishOf(turn), logprobs: null }],
    usage: usageOf(turn),
  };
}
