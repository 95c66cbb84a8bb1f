import type { Run } from './conversation.ts';

/** The same run from elsewhere. The key is never in it. Pure. */
export interface Snippet {
  readonly name: string;
  readonly language: string;
  readonly text: string;
}

export function snippetsOf(run: Run, question: string, baseUrl: string): Snippet[] {
  const ask = { role: 'user', content: question };
  const quoted = (value: unknown) => `'${JSON.stringify(value).replaceAll("'", `'\\''`)}'`;
  const js = (text: string) => JSON.stringify(text);
  return [
    {
      name: 'curl',
      language: 'shell',
      text: `curl -N ${baseUrl}/threads/runs \\
  -H "Authorization: Bearer $HOURGLASS_KEY" \\
  -H "Content-Type: application/json" \\
  -d ${quoted({ assistant_id: run.assistant_id, stream: true, thread: { messages: [ask] } })}
`,
    },
    {
      name: 'Node',
      language: 'javascript',
      text: `import OpenAI from 'openai';

const client = new OpenAI({ baseURL: ${js(baseUrl)}, apiKey: process.env.HOURGLASS_KEY });
const thread = await client.beta.threads.create({
  messages: [{ role: 'user', content: ${js(question)} }],
});
const stream = client.beta.threads.runs.stream(thread.id, { assistant_id: ${js(run.assistant_id)} });
stream.on('textDelta', ({ value }) => process.stdout.write(value ?? ''));
const run = await stream.finalRun();
console.log(run.status);
`,
    },
    {
      name: 'Python',
      language: 'python',
      text: `import os
from openai import OpenAI

client = OpenAI(base_url=${js(baseUrl)}, api_key=os.environ["HOURGLASS_KEY"])
thread = client.beta.threads.create(
    messages=[{"role": "user", "content": ${js(question)}}]
)
with client.beta.threads.runs.stream(
    thread_id=thread.id, assistant_id=${js(run.assistant_id)}
) as stream:
    for text in stream.text_deltas:
        print(text, end="", flush=True)
print(stream.get_final_run().status)
`,
    },
  ];
}
