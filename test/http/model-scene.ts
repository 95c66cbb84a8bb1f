import type OpenAI from 'openai';

import type { TestApi } from '../support/api.ts';
import type { Turn } from '../support/scripted-turn.ts';

export type Json = Record<string, unknown>;
export type NewMessage = OpenAI.Beta.Threads.MessageCreateParams;

/** A run, and what the model says in it. */
export interface Scene {
  readonly assistant?: Json;
  readonly run?: Json;
  readonly messages?: readonly NewMessage[];
  /** Default: one answer without calls. */
  readonly turns?: readonly Turn[];
}

/** Plays a scene to its end, answering function calls, and gives the bodies of all requests to the model. */
export async function play(
  { client, engine }: TestApi,
  { assistant, run, messages = [{ role: 'user', content: 'Hi' }], turns = [{ text: 'Hello' }] }: Scene,
): Promise<{ run: OpenAI.Beta.Threads.Run; requests: readonly Json[] }> {
  const { assistants, threads } = client().beta;
  engine.model.add(...turns);
  const { id: assistant_id } = await assistants.create({ model: 'scripted', ...assistant } as never);
  const { id: thread_id } = await threads.create({ messages: [...messages] });
  const { id } = await threads.runs.create(thread_id, { assistant_id, ...run } as never);
  for (;;) {
    await engine.pump();
    const now = await threads.runs.retrieve(id, { thread_id });
    if (now.status !== 'requires_action') {
      engine.model.assertDone();
      return { run: now, requests: engine.model.requests.map(({ body }) => body as unknown as Json) };
    }
    const calls = now.required_action?.submit_tool_outputs.tool_calls ?? [];
    const tool_outputs = calls.map((call) => ({ tool_call_id: call.id, output: 'out' }));
    await threads.runs.submitToolOutputs(id, { thread_id, tool_outputs });
  }
}
