import type OpenAI from 'openai';

import type { IconName } from '../views/icons.tsx';
import type { Question } from './chat.ts';
import { api, connection } from './connection.ts';
import { learn } from './file-facts.ts';
import { type Assistant, assistants, choose, files } from './lists.ts';
import { isIndexing, vectorStores } from './vector-stores.ts';

/** Something to try: it makes what it needs, and asks. */
export interface Example {
  readonly icon: IconName;
  readonly title: string;
  readonly words: string;
  readonly assistant: Omit<OpenAI.Beta.AssistantCreateParams, 'model'> & { readonly name: string };
  readonly question: string;
  /** Attached to the question. */
  readonly file?: { readonly name: string; readonly content: string };
  /** In a vector store of the assistant's. */
  readonly documents?: Readonly<Record<string, string>>;
}

const TURBINES = `turbine,month,energy_mwh,downtime_h
A1,2026-01,412.5,6
A1,2026-02,388.1,11
A1,2026-03,431.9,2
B2,2026-01,397.2,14
B2,2026-02,402.8,4
B2,2026-03,418.6,5
C3,2026-01,365.4,31
C3,2026-02,371.0,22
C3,2026-03,409.3,9
`;

const HANDBOOK = {
  'heating.md':
    '# Heating\n\nThe boiler in the cellar is inspected every September. Error E-417 means that the gas valve is stuck: close the main tap and call the fitter. Error E-471 means that the flame sensor is dirty.\n',
  'holidays.md':
    '# Holidays\n\nFull-time staff have twenty-eight days of paid holiday a year. Five of them may be carried into the next spring.\n',
  'bread.md':
    '# Bread\n\nRye bread needs sourdough: without the acid its crumb stays wet. Dough that rests overnight tastes better than a quick one.\n',
};

const analyst: Example['assistant'] = {
  name: 'Data Visualization',
  instructions:
    'You are a helpful assistant that makes visualizations of data. When asked to create a visualization, write and run Python code that draws it with matplotlib and shows it.',
  tools: [{ type: 'code_interpreter' }],
};

export const examples: readonly Example[] = [
  {
    icon: 'python',
    title: 'Draw a sine wave',
    words: 'The model writes Python, a sandbox runs it, and the figure comes back.',
    assistant: analyst,
    question: 'Create a visualization of a sinewave',
  },
  {
    icon: 'file',
    title: 'Read this CSV',
    words: 'Nine months of three wind turbines, as a file that the code opens.',
    assistant: analyst,
    question: 'Describe the data in this file',
    file: { name: 'turbines.csv', content: TURBINES },
  },
  {
    icon: 'search',
    title: 'Search these three documents',
    words: 'A handbook in a vector store; the answer cites the passage that it rests on.',
    assistant: {
      name: 'Handbook',
      instructions: 'Answer from the files.',
      tools: [{ type: 'file_search' }],
    },
    question: 'The boiler shows error E-417. What does it mean?',
    documents: HANDBOOK,
  },
  {
    icon: 'function',
    title: 'Call a function of yours',
    words: 'The run stops and waits until you have answered for your code.',
    assistant: {
      name: 'Weather desk',
      instructions: 'Answer questions about the weather with the function get_weather.',
      tools: [
        {
          type: 'function',
          function: {
            name: 'get_weather',
            description: 'The weather at a place, now',
            parameters: {
              type: 'object',
              properties: { city: { type: 'string', description: 'For example Oslo' } },
              required: ['city'],
            },
          },
        },
      ],
    },
    question: 'What is the weather? Please call get_weather with {"city": "Oslo"}',
  },
];

/** The assistant (one with the same name is taken again) and the question, with its file in the files. */
export async function prepare(
  example: Example,
): Promise<{ readonly assistantId: string; readonly question: Question }> {
  const { client } = api();
  const model = connection.value?.models[0];
  if (model === undefined) throw new Error('This deployment lists no model to try things with.');
  const known = assistants.items.value.find(
    ({ name, tools }) => name === example.assistant.name && tools.length > 0,
  );
  const assistant = known ?? (await create(example, model));
  assistants.put(assistant);
  choose(assistant.id);
  if (!example.file)
    return { assistantId: assistant.id, question: { text: example.question, attachments: [] } };
  const { name, content } = example.file;
  const file = await client.files.create({ file: new File([content], name), purpose: 'assistants' });
  learn(file);
  files.put(file);
  const attachments = [{ file, tools: ['code_interpreter'] as const, asImage: false }];
  return { assistantId: assistant.id, question: { text: example.question, attachments } };
}

async function create({ assistant, documents }: Example, model: string): Promise<Assistant> {
  const { client } = api();
  if (!documents) return client.beta.assistants.create({ ...assistant, model });
  const stored = await Promise.all(
    Object.entries(documents).map(([name, text]) =>
      client.files.create({ file: new File([text], name), purpose: 'assistants' }),
    ),
  );
  const store = await client.vectorStores.create({
    name: assistant.name,
    file_ids: stored.map(({ id }) => id),
  });
  vectorStores.put(store);
  await indexed(store.id);
  return client.beta.assistants.create({
    ...assistant,
    model,
    tool_resources: { file_search: { vector_store_ids: [store.id] } },
  });
}

/** Whoever asks before finds nothing. After a minute it is asked all the same. */
async function indexed(storeId: string): Promise<void> {
  for (let attempt = 0; attempt < 120; attempt += 1) {
    const store = await api().client.vectorStores.retrieve(storeId);
    vectorStores.put(store);
    if (!isIndexing(store)) return;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
