import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type OpenAI from 'openai';

import { followRun } from './follow-run.ts';

export interface Walkthrough {
  readonly client: OpenAI;
  readonly model: string;
  /** Where the pictures are written. */
  readonly folder: string;
  readonly print: (line: string) => void;
}

/** The documentation's own sentences: the question asked and the name under which its picture is saved. */
const QUESTIONS = [
  { text: 'Create a visualization of a sinewave', picture: 'sinewave.png' },
  { text: 'Show me the code you used to generate the sinewave' },
  {
    text: 'I prefer visualizations in darkmode can you change the colors to make a darkmode version of this visualization.',
    picture: 'dark_sine.png',
  },
] as const;

/**
 * The documentation's walkthrough with the official client: an assistant that draws, a thread, three questions, each
 * answered by a run that is polled; pictures are downloaded through the Files API.
 * @returns the paths of the pictures
 * @throws when a run does not complete, or a picture is missing
 */
export async function walkThrough({ client, model, folder, print }: Walkthrough): Promise<string[]> {
  const assistant = await client.beta.assistants.create({
    name: 'Data Visualization',
    instructions:
      'You are a helpful assistant that makes visualizations of data. When asked to create a visualization, write and run Python code that draws it with matplotlib and shows it.',
    model,
    tools: [{ type: 'code_interpreter' }],
  });
  print(`assistant ${assistant.id} "${assistant.name}", model ${assistant.model}`);
  const thread = await client.beta.threads.create();
  print(`thread    ${thread.id}`);
  const pictures: string[] = [];
  for (const question of QUESTIONS) {
    print(`\n> ${question.text}`);
    await client.beta.threads.messages.create(thread.id, { role: 'user', content: question.text });
    const run = await client.beta.threads.runs.create(thread.id, { assistant_id: assistant.id });
    await followRun(client, thread.id, run.id, print);
    const { fileId, text } = await answerOf(client, thread.id, run.id);
    if (text) print(`\n${text}\n`);
    if (!('picture' in question)) continue;
    if (!fileId) throw new Error(`The answer to "${question.text}" has no picture.`);
    const path = join(folder, question.picture);
    const content = await client.files.content(fileId);
    await writeFile(path, Buffer.from(await content.arrayBuffer()));
    print(`picture   ${fileId} → ${path}`);
    pictures.push(path);
  }
  return pictures;
}

/** The text and the first picture of the messages that a run wrote. */
async function answerOf(client: OpenAI, threadId: string, runId: string) {
  const messages = await client.beta.threads.messages.list(threadId, { run_id: runId, order: 'asc' });
  const parts = messages.data.flatMap(({ content }) => content);
  const texts = parts.flatMap((part) => (part.type === 'text' ? [part.text.value] : []));
  const images = parts.flatMap((part) => (part.type === 'image_file' ? [part.image_file.file_id] : []));
  return { text: texts.join('\n\n'), fileId: images[0] };
}
