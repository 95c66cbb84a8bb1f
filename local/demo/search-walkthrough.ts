import { type OpenAI, toFile } from 'openai';

import { followRun } from './follow-run.ts';
import type { Walkthrough } from './walkthrough.ts';

/** Three documents of a small company that does not exist. */
const DOCUMENTS: Readonly<Record<string, string>> = {
  'heating.md': `# Heating

The boiler in the cellar is inspected every September. Error E-417 means that the gas valve is stuck: close the main tap and call the fitter. Error E-471 means that the flame sensor is dirty.
`,
  'holidays.md': `# Holidays

Full-time staff have twenty-eight days of paid holiday a year. Five of them may be carried into the next spring.
`,
  'bread.md': `# Bread

Rye bread needs sourdough: without the acid its crumb stays wet. Dough that rests overnight tastes better than a quick one.
`,
};
const QUESTION = 'The boiler shows error E-417. What does it mean?';

/**
 * File search with the official client: three documents in a vector store, an assistant that searches it, a question,
 * and the answer with a footnote that leads to the file.
 * @throws when a document is not indexed, the run does not complete, or the answer cites nothing
 */
export async function searchThrough({ client, model, print }: Omit<Walkthrough, 'folder'>): Promise<void> {
  const store = await client.vectorStores.create({ name: 'Handbook' });
  const files = await Promise.all(
    Object.entries(DOCUMENTS).map(([name, text]) => toFile(Buffer.from(text), name)),
  );
  const batch = await client.vectorStores.fileBatches.uploadAndPoll(store.id, { files });
  if (batch.file_counts.completed !== files.length) throw new Error('Not all documents could be indexed.');
  print(
    `\nstore     ${store.id} "${store.name}", ${batch.file_counts.completed} files: ${Object.keys(DOCUMENTS).join(', ')}`,
  );
  const assistant = await client.beta.assistants.create({
    name: 'Handbook',
    instructions: 'You answer questions about the handbook. Search it first, and cite what you found.',
    model,
    tools: [{ type: 'file_search' }],
    tool_resources: { file_search: { vector_store_ids: [store.id] } },
  });
  print(`assistant ${assistant.id} "${assistant.name}", model ${assistant.model}`);
  const thread = await client.beta.threads.create({ messages: [{ role: 'user', content: QUESTION }] });
  print(`thread    ${thread.id}\n\n> ${QUESTION}`);
  const run = await client.beta.threads.runs.create(thread.id, { assistant_id: assistant.id });
  await followRun(client, thread.id, run.id, print);
  const { data } = await client.beta.threads.messages.list(thread.id, { run_id: run.id });
  const [part] = data[0]?.content ?? [];
  if (part?.type !== 'text') throw new Error('The answer has no text.');
  const { text, footnotes } = await withFootnotes(client, part.text);
  print(`\n${text}\n`);
  for (const footnote of footnotes) print(footnote);
  if (footnotes.length === 0) throw new Error('The answer cites no file.');
}

/** The text with ` [n]` in the place of each citation, and what each leads to. */
export async function withFootnotes(
  client: OpenAI,
  { value, annotations }: OpenAI.Beta.Threads.Text,
): Promise<{ text: string; footnotes: string[] }> {
  let text = value;
  const footnotes: string[] = [];
  for (const [index, annotation] of annotations.entries()) {
    if (annotation.type !== 'file_citation') continue;
    text = text.replace(annotation.text, `[${index}]`);
    const file = await client.files.retrieve(annotation.file_citation.file_id);
    footnotes.push(`[${index}] ${file.filename} (${file.id})`);
  }
  return { text, footnotes };
}
