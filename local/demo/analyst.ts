import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type OpenAI from 'openai';
import { toFile } from 'openai';

import { ANALYSES, type Analysis } from '../demo-model/analyses.ts';
import { followRun } from './follow-run.ts';
import { tables } from './tables.ts';

export interface AnalystDemo {
  readonly client: OpenAI;
  readonly model: string;
  /** Where pictures and files are written. */
  readonly folder: string;
  readonly print: (line: string) => void;
}

/**
 * An analyst's hour with the official client: three tables, each uploaded to a thread of its own and asked about four
 * times, for a chart, a workbook with a chart, slides and a PDF. What the answers show and link to is downloaded.
 * @returns the paths of what was written
 * @throws when a run does not complete, or an answer brings nothing
 */
export async function playAnalyst(demo: AnalystDemo): Promise<string[]> {
  const { client, model, print } = demo;
  const assistant = await client.beta.assistants.create({
    name: 'Analyst',
    instructions:
      'You are a data analyst. Answer with Python: load the uploaded table, whatever its encoding, and write what is asked for to /mnt/data. Show charts.',
    model,
    tools: [{ type: 'code_interpreter' }],
  });
  print(`assistant ${assistant.id} "${assistant.name}", model ${assistant.model}`);
  const written: string[] = [];
  for (const analysis of ANALYSES) written.push(...(await analyse(demo, assistant.id, analysis)));
  return written;
}

async function analyse(demo: AnalystDemo, assistant_id: string, analysis: Analysis): Promise<string[]> {
  const { client, print } = demo;
  const { filename, turns } = analysis;
  const content = tables[filename]?.() ?? Buffer.alloc(0);
  const file = await client.files.create({ file: await toFile(content, filename), purpose: 'assistants' });
  print(`\nfile      ${file.id} "${filename}"`);
  const code_interpreter = { file_ids: [file.id] };
  const thread = await client.beta.threads.create({ tool_resources: { code_interpreter } });
  const written: string[] = [];
  for (const { question } of turns) {
    print(`\n> ${question}`);
    await client.beta.threads.messages.create(thread.id, { role: 'user', content: question });
    const run = await client.beta.threads.runs.create(thread.id, { assistant_id });
    await followRun(client, thread.id, run.id, print);
    const paths = await download(demo, thread.id, run.id);
    if (paths.length === 0) throw new Error(`The answer to "${question}" has neither a picture nor a file.`);
    written.push(...paths);
  }
  return written;
}

/** What the run's messages say, show and link to. */
async function download(demo: AnalystDemo, threadId: string, runId: string): Promise<string[]> {
  const { client, folder, print } = demo;
  const messages = await client.beta.threads.messages.list(threadId, { run_id: runId, order: 'asc' });
  const written: string[] = [];
  for (const part of messages.data.flatMap(({ content }) => content)) {
    if (part.type === 'text') print(`\n${part.text.value}\n`);
    const links = part.type === 'text' ? part.text.annotations : [];
    const ids = links.flatMap((link) => (link.type === 'file_path' ? [link.file_path.file_id] : []));
    if (part.type === 'image_file') ids.push(part.image_file.file_id);
    for (const id of new Set(ids)) {
      const { filename } = await client.files.retrieve(id);
      const path = join(folder, filename);
      await writeFile(path, Buffer.from(await (await client.files.content(id)).arrayBuffer()));
      print(`file      ${id} → ${path}`);
      written.push(path);
    }
  }
  return written;
}
