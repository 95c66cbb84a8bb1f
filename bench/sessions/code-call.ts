import type OpenAI from 'openai';

import type { ScriptedModel } from '../../test/support/scripted-model.ts';

/** What the model is told when a call could not be made. */
const NOT_RUN = /was not run/;

/** Streamed runs whose model calls Python, timed where the model stands. */
export interface CodeCalls {
  newThread(): Promise<string>;
  /** One run. @returns for each call of code, milliseconds from the model's call to its next request */
  run(threadId: string, ...codes: readonly string[]): Promise<readonly number[]>;
}

export async function codeCalls(client: OpenAI, model: ScriptedModel): Promise<CodeCalls> {
  const { id: assistant_id } = await client.beta.assistants.create({
    model: 'scripted',
    tools: [{ type: 'code_interpreter' }],
  });
  return {
    newThread: async () =>
      (await client.beta.threads.create({ messages: [{ role: 'user', content: 'Go on' }] })).id,
    async run(threadId, ...codes) {
      model.reset();
      for (const code of codes) model.add({ toolCalls: [{ name: 'python', arguments: { code } }] });
      model.add({ text: 'Done.' });
      for await (const event of client.beta.threads.runs.stream(threadId, { assistant_id })) void event;
      model.assertDone();
      return codes.map((_, index) => {
        const [asked, told] = model.requests.slice(index);
        const result = JSON.stringify(told?.body.messages.at(-1));
        if (!asked || !told || NOT_RUN.test(result)) throw new Error(`The code was not run: ${result}`);
        return told.at - asked.at;
      });
    },
  };
}
