/**
 * `npm run session:probe [-- --url … --key … [--model NAME]]`: what code in a session can reach of what it should
 * not, a verdict a line. Alone in a sandbox of this machine; with an address in a session of that deployment, where
 * the model is asked to run the file. Exits with 1 where anything is open.
 */
import { createReadStream } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import OpenAI from 'openai';

import { startEmulation } from './emulation.ts';

const RUN_IT = `Run exactly this in the code interpreter, once, and show its output:
\`\`\`python
exec(open('/mnt/data/probe.py').read())
\`\`\``;

const { values } = parseArgs({
  options: { url: { type: 'string' }, key: { type: 'string' }, model: { type: 'string' } },
});
if ((values.url === undefined) !== (values.key === undefined)) {
  process.stderr.write('--url and --key go together: the address of a deployment, and one of its keys\n');
  process.exit(2);
}

const emulation = values.url === undefined ? await startEmulation({ environment: process.env }) : undefined;
try {
  const place = emulation ?? { url: values.url ?? '', apiKey: values.key ?? '' };
  const client = new OpenAI({ baseURL: `${place.url.replace(/\/+(v1)?$/, '')}/v1`, apiKey: place.apiKey });
  const model = values.model ?? emulation?.model ?? (await client.models.list()).data[0]?.id;
  if (model === undefined) throw new Error('The deployment lists no model: name one with --model.');
  const text = await probe(client, model);
  process.stdout.write(text);
  const result = /^PROBE (\{.*\})$/m.exec(text)?.[1];
  if (!result) throw new Error('The probe did not come to its end.');
  if ((JSON.parse(result) as { open: string[] }).open.length > 0) process.exitCode = 1;
} catch (error) {
  process.exitCode = 2;
  process.stderr.write(`The probe failed: ${error instanceof Error ? error.message : String(error)}\n`);
} finally {
  await emulation?.stop();
}
// Kept-alive connections of the client would hold the process for seconds.
process.exit();

/** What the probe printed, run by the code interpreter of a thread that is deleted afterwards. */
async function probe(client: OpenAI, model: string): Promise<string> {
  const { beta, files } = client;
  const script = createReadStream(fileURLToPath(new URL('../session/probe.py', import.meta.url)));
  const file = await files.create({ file: script, purpose: 'assistants' });
  const thread = await beta.threads.create({
    messages: [{ role: 'user', content: RUN_IT }],
    tool_resources: { code_interpreter: { file_ids: [file.id] } },
  });
  const assistant = await beta.assistants.create({ model, tools: [{ type: 'code_interpreter' }] });
  try {
    const run = await beta.threads.runs.createAndPoll(thread.id, { assistant_id: assistant.id });
    if (run.status !== 'completed')
      throw new Error(`The run is ${run.status}: ${run.last_error?.message ?? ''}`);
    const steps = await beta.threads.runs.steps.list(run.id, { thread_id: thread.id });
    return steps.data.flatMap((step) => logsOf(step)).join('');
  } finally {
    await Promise.all([beta.threads.delete(thread.id), beta.assistants.delete(assistant.id)]);
    await files.delete(file.id);
  }
}

function logsOf({ step_details: details }: OpenAI.Beta.Threads.Runs.RunStep): string[] {
  if (details.type !== 'tool_calls') return [];
  return details.tool_calls.flatMap((call) =>
    call.type === 'code_interpreter'
      ? call.code_interpreter.outputs.flatMap((output) => (output.type === 'logs' ? [output.logs] : []))
      : [],
  );
}
