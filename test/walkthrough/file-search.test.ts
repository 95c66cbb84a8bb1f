import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

import type OpenAI from 'openai';

import { searchThrough } from '../../local/demo/search-walkthrough.ts';
import { type DemoModel, startDemoModel } from '../../local/demo-model/server.ts';
import { type TestApi, testApi } from '../support/api.ts';

const run = promisify(execFile);

describe('file search as its users meet it', () => {
  let model: DemoModel;
  let api: TestApi;
  let client: OpenAI;
  let stopped = false;
  let worker: Promise<void>;
  before(async () => {
    model = await startDemoModel({ wordDelayMs: 0 });
    api = await testApi({ OPENAI_BASE_URL: model.url });
    client = api.client();
    const work = async () => {
      while (!stopped) {
        await api.engine.pump();
        await delay(20);
      }
    };
    worker = Promise.all([work(), work()]).then(() => undefined);
  });
  after(async () => {
    stopped = true;
    await worker;
    await api[Symbol.asyncDispose]();
    await model.stop();
  });

  it('the demo: documents, a question, and an answer whose footnote leads to the file', async () => {
    const lines: string[] = [];
    await searchThrough({ client, model: 'demo', print: (line) => lines.push(line) });
    const shown = lines.join('\n');
    assert.match(shown, /The files say: Error E-417 means that the gas valve is stuck.* \[0\]/);
    assert.match(shown, /^\[0\] heating\.md \(file-/m);
  });

  /** A thread whose answer has a citation, in the words of the API's first version. */
  const citedThread = async () => {
    const store = await client.vectorStores.create({});
    const file = new File(['The gate code is 7731. It changes in May.'], 'gate.md');
    await client.vectorStores.files.uploadAndPoll(store.id, file);
    const { id: assistant_id } = await client.beta.assistants.create({
      model: 'demo',
      tools: [{ type: 'file_search' }],
      tool_resources: { file_search: { vector_store_ids: [store.id] } },
    });
    const { thread_id } = await client.beta.threads.createAndRunPoll({
      assistant_id,
      thread: { messages: [{ role: 'user', content: 'What is the gate code?' }] },
    });
    return thread_id;
  };
  const EXPECTED = [
    'The files say: The gate code is 7731. [0]',
    '',
    '[0] The gate code is 7731. It changes in May. from gate.md',
  ];

  it("the documentation's footnotes, in Node", async () => {
    const messages = await client.beta.threads.messages.list(
      await citedThread(),
      { limit: 1 },
      {
        headers: { 'OpenAI-Beta': 'assistants=v1' },
      },
    );
    // As the documentation of the hosted API had it.
    const [content] = messages.data[0]?.content ?? [];
    assert.equal(content?.type, 'text');
    const { text } = content;
    const citations: string[] = [];
    for (const [index, annotation] of text.annotations.entries()) {
      text.value = text.value.replace(annotation.text, `[${index}]`);
      if (annotation.type === 'file_citation') {
        const cited = annotation.file_citation as { file_id: string; quote?: string };
        const file = await client.files.retrieve(cited.file_id);
        citations.push(`[${index}] ${cited.quote} from ${file.filename}`);
      } else {
        const file = await client.files.retrieve(annotation.file_path.file_id);
        citations.push(`[${index}] Click <here> to download ${file.filename}`);
      }
    }
    assert.deepEqual(`${text.value}\n\n${citations.join('\n')}`.split('\n'), EXPECTED);
  });

  it("the documentation's footnotes, in Python, reading with getattr", async () => {
    const threadId = await citedThread();
    const server = createServer((request, response) => {
      const headers = {
        authorization: 'Bearer KEY-A',
        'openai-beta': String(request.headers['openai-beta']),
      };
      void api.fetch(`http://api${request.url}`, { headers }).then(async (answer) => {
        response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
      });
    }).listen(0, '127.0.0.1');
    const { port } = await new Promise<AddressInfo>((resolve) =>
      server.once('listening', () => resolve(server.address() as AddressInfo)),
    );
    try {
      const { stdout } = await run('python3', ['-c', PYTHON, `http://127.0.0.1:${port}/v1`, threadId]);
      assert.deepEqual(stdout.trimEnd().split('\n'), EXPECTED);
    } finally {
      server.close();
    }
  });
});

/** The documentation's snippet over the API's objects as Python's client shows them: attributes, absent ones missing. */
const PYTHON = `
import json, sys, urllib.request
from types import SimpleNamespace

base, thread_id = sys.argv[1:]

def get(path):
    request = urllib.request.Request(base + path, headers={'OpenAI-Beta': 'assistants=v1'})
    with urllib.request.urlopen(request) as response:
        return json.load(response, object_hook=lambda fields: SimpleNamespace(**fields))

message_content = get(f'/threads/{thread_id}/messages?limit=1').data[0].content[0].text
annotations = message_content.annotations
citations = []

for index, annotation in enumerate(annotations):
    message_content.value = message_content.value.replace(annotation.text, f'[{index}]')
    if (file_citation := getattr(annotation, 'file_citation', None)):
        cited_file = get(f'/files/{file_citation.file_id}')
        citations.append(f'[{index}] {file_citation.quote} from {cited_file.filename}')
    elif (file_path := getattr(annotation, 'file_path', None)):
        cited_file = get(f'/files/{file_path.file_id}')
        citations.append(f'[{index}] Click <here> to download {cited_file.filename}')

message_content.value += '\\n\\n' + '\\n'.join(citations)
print(message_content.value)
`;
