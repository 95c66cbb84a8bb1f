import assert from 'node:assert/strict';

import type OpenAI from 'openai';

import type { Api, RunPlace } from './row.ts';

type Run = OpenAI.Beta.Threads.Run;

/** A function that a run can be made to call, whatever the model. */
export const weather = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'Tells the weather of a city.',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string' } },
      required: ['city'],
    },
    // As the API shows it.
    strict: false,
  },
} as const;

/** A run that the model has answered. */
export async function finishedRun(api: Api): Promise<RunPlace> {
  await api.play({ text: 'Hello!' });
  const { threads } = api.client.beta;
  const run = await threads.createAndRunPoll({
    assistant_id: await api.shared.assistantId(),
    thread: { messages: [{ role: 'user', content: 'Say hello.' }] },
  });
  assert.equal(run.status, 'completed', run.last_error?.message);
  return { thread_id: run.thread_id, id: run.id };
}

export interface WaitingRun {
  readonly run: Run;
  /** The calls whose outputs it waits for. */
  readonly calls: readonly OpenAI.Beta.Threads.RequiredActionFunctionToolCall[];
}

/** A run that waits for the outputs of functions, and so locks its thread. */
export async function waitingRun(api: Api, cities: readonly string[] = ['Paris']): Promise<WaitingRun> {
  await api.play({
    toolCalls: cities.map((city, index) => ({
      name: 'get_weather',
      arguments: { city },
      id: `call_${index}${crypto.randomUUID().replaceAll('-', '')}`,
    })),
  });
  const run = await api.client.beta.threads.createAndRunPoll({
    assistant_id: await api.shared.assistantId(),
    tools: [weather],
    tool_choice: { type: 'function', function: { name: 'get_weather' } },
    thread: { messages: [{ role: 'user', content: `How is the weather in ${cities.join(' and ')}?` }] },
  });
  assert.equal(run.status, 'requires_action', run.last_error?.message);
  return { run, calls: run.required_action?.submit_tool_outputs.tool_calls ?? [] };
}

/** Ends a run that a row leaves waiting. */
export async function cancel(api: Api, { id, thread_id }: RunPlace): Promise<Run> {
  await api.client.beta.threads.runs.cancel(id, { thread_id });
  return api.client.beta.threads.runs.poll(id, { thread_id });
}
