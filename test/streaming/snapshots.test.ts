import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';

import type OpenAI from 'openai';
import type { AssistantStream } from 'openai/lib/AssistantStream';

import type { ArmEmulator } from '../../local/arm/emulator.ts';
import { loadSavedRun } from '../../shared/engine/claim/load-saved-run.ts';
import { savedEvents } from '../../shared/run/saved-events.ts';
import { type TestApi, testApi } from '../support/api.ts';
import { startTestEmulator } from '../support/sessions.ts';
import { BEGIN, GOES_ON, messageOf, namesOf, STEP_BEGINS, type Streamed } from './streams.ts';

type Step = OpenAI.Beta.Threads.Runs.RunStep;
type Message = OpenAI.Beta.Threads.Message;

const weather = { type: 'function' as const, function: { name: 'weather' } };
const interpreter = { type: 'code_interpreter' as const };

/** How many files a message has as it begins, and in the end. */
const ATTACHED = [
  ['thread.message.created', 0],
  ['thread.message.in_progress', 0],
  ['thread.message.completed', 1],
];
const attached = (events: readonly { readonly event: string; readonly data: unknown }[]) =>
  events.flatMap(({ event, data }) => {
    const { object, attachments } = data as Message;
    return object === 'thread.message' ? [[event, attachments?.length]] : [];
  });

/** What the SDK's helpers made of the pieces, before the completed objects came. */
interface Accumulated {
  readonly events: Streamed[];
  readonly steps: Map<string, Step['step_details']>;
  readonly messages: Map<string, Message['content']>;
}

describe('what the official client gathers from a stream', () => {
  let arm: ArmEmulator;
  let api: TestApi;
  let client: OpenAI;
  before(async () => {
    arm = await startTestEmulator();
    api = await testApi({ SESSION_ARM_ENDPOINT: arm.url });
    client = api.client();
  });
  after(async () => {
    await api[Symbol.asyncDispose]();
    await arm.stop();
  });
  afterEach(() => api.engine.model.assertDone());

  async function gather(stream: AssistantStream): Promise<Accumulated> {
    const gathered: Accumulated = { events: [], steps: new Map(), messages: new Map() };
    stream.on('event', (event) => void gathered.events.push(structuredClone(event)));
    stream.on('runStepDelta', (_, { id, step_details }) => {
      gathered.steps.set(id, structuredClone(step_details));
    });
    stream.on(
      'messageDelta',
      (_, { id, content }) => void gathered.messages.set(id, structuredClone(content)),
    );
    await stream.done();
    return gathered;
  }

  /** Field by field: the client's final objects are those of the API, and their pieces made the same. */
  async function assertStored(stream: AssistantStream, { steps, messages }: Accumulated): Promise<void> {
    const run = await stream.finalRun();
    const thread = { thread_id: run.thread_id };
    assert.deepEqual(run, await client.beta.threads.runs.retrieve(run.id, thread));
    for (const step of await stream.finalRunSteps()) {
      const stored = await client.beta.threads.runs.steps.retrieve(step.id, { ...thread, run_id: run.id });
      if (step.status !== 'in_progress') assert.deepEqual(step, stored);
      const pieces = steps.get(step.id);
      if (pieces) assert.deepEqual(withoutIndex(pieces), withoutOutputs(stored.step_details, step.status));
    }
    for (const message of await stream.finalMessages()) {
      const stored = await client.beta.threads.messages.retrieve(message.id, thread);
      assert.deepEqual(message, stored);
      assert.deepEqual(withoutIndex(messages.get(message.id) ?? []), stored.content);
    }
  }

  const say = (content: string) => client.beta.threads.create({ messages: [{ role: 'user', content }] });
  const assistant = (tools: OpenAI.Beta.AssistantCreateParams['tools'] = []) =>
    client.beta.assistants.create({ model: 'scripted', tools });
  const python = (code: string) => ({ name: 'python', arguments: { code }, id: 'call_python' });

  it('createAndRunStream: the thread first', async () => {
    api.engine.model.add({ text: ['Hello', ' there'] });
    const stream = client.beta.threads.createAndRunStream({
      assistant_id: (await assistant()).id,
      thread: { messages: [{ role: 'user', content: 'Hi' }], metadata: { a: 'b' } },
    });
    const gathered = await gather(stream);
    assert.deepEqual(namesOf(gathered.events), ['created', ...BEGIN, ...messageOf(2), 'run.completed']);
    const [created] = gathered.events;
    assert.equal(created?.event, 'thread.created');
    assert.deepEqual(created.data, await client.beta.threads.retrieve(created.data.id));
    await assertStored(stream, gathered);
  });

  it('runs.stream: code with logs, a figure and a file', async () => {
    const code = [
      'import matplotlib.pyplot as plt',
      'print("before")',
      'plt.plot([1, 2]); plt.show()',
      'open("/mnt/data/a.txt", "w").write("x"); print("after \\"é\\"")',
    ].join('\n');
    api.engine.model.add(
      { toolCalls: [python(code)], argumentCharacters: 7 },
      // Cut in the middle of the link, which is found all the same.
      { text: ['See ', '[it](sandbox:/mnt/da', 'ta/a.t', 'xt)', '.'] },
    );
    const { id } = await say('Draw');
    const stream = client.beta.threads.runs.stream(id, { assistant_id: (await assistant([interpreter])).id });
    const gathered = await gather(stream);
    const pieces = gathered.events.filter(({ event }) => event === 'thread.run.step.delta').length;
    assert.ok(pieces > 20, `the code came in ${pieces} pieces`);
    assert.deepEqual(namesOf(gathered.events), [
      ...BEGIN,
      ...STEP_BEGINS,
      `run.step.delta ×${pieces}`,
      'run.step.completed',
      ...messageOf(7),
      'run.completed',
    ]);
    const [step] = await stream.finalRunSteps();
    assert.equal(step?.step_details.type, 'tool_calls');
    const [call] = step.step_details.tool_calls;
    assert.equal(call?.type, 'code_interpreter');
    assert.equal(call.code_interpreter.input, code);
    assert.deepEqual(
      call.code_interpreter.outputs.map((output) => (output.type === 'logs' ? output.logs : output.type)),
      ['before\n', 'image', 'after "é"\n'],
    );
    const [message] = await stream.finalMessages();
    assert.deepEqual(
      message?.content.map((part) => (part.type === 'text' ? part.text.annotations.length : part.type)),
      ['image_file', 1],
    );
    await assertStored(stream, gathered);
    // Also where the story is told again, from what is saved: the file is attached when the message is complete.
    const saved = await loadSavedRun(api.engine.services.stores, 'team-a', id, (await stream.finalRun()).id);
    assert.ok(saved);
    assert.deepEqual([attached(gathered.events), attached([...savedEvents(saved)])], [ATTACHED, ATTACHED]);
  });

  it('runs.stream: an app that appends what it is told of shows a figure before the text behind it', async () => {
    api.engine.model.add(
      {
        toolCalls: [
          python('import matplotlib.pyplot as plt\nplt.plot([1]); plt.show(); plt.plot([2]); plt.show()'),
        ],
      },
      { text: ['Here', ' they are.'] },
    );
    const { id } = await say('Draw two');
    const stream = client.beta.threads.runs.stream(id, { assistant_id: (await assistant([interpreter])).id });
    // As the official quickstart's chat does: a new bubble, then words and pictures at its end.
    const shown: string[] = [];
    stream
      .on('textCreated', () => shown.push('bubble'))
      .on('textDelta', ({ value }) => value && shown.push(value))
      .on('imageFileDone', () => shown.push('picture'));
    await stream.finalRun();
    assert.deepEqual(shown, ['bubble', 'picture', 'picture', 'Here', ' they are.']);
  });

  it('submitToolOutputsStream: code and a function in one turn, after some text', async () => {
    const call = { name: 'weather', arguments: { city: 'Oslo' }, id: 'call_weather' };
    api.engine.model.add(
      { text: ['Let me', ' see.'], toolCalls: [call, python('print(6 * 7)')], argumentCharacters: 6 },
      { text: ['Done', '.'] },
    );
    const { id } = await say('Both');
    const assistant_id = (await assistant([interpreter, weather])).id;
    const first = client.beta.threads.runs.stream(id, { assistant_id });
    const before = await gather(first);
    assert.deepEqual(namesOf(before.events), [
      ...BEGIN,
      ...messageOf(2),
      ...STEP_BEGINS,
      'run.step.delta ×9',
      'run.requires_action',
    ]);
    await assertStored(first, before);
    const waiting = await first.finalRun();
    assert.deepEqual(
      waiting.required_action?.submit_tool_outputs.tool_calls.map((one) => one.id),
      ['call_weather'],
    );
    const second = client.beta.threads.runs.submitToolOutputsStream(waiting.id, {
      thread_id: id,
      tool_outputs: [{ tool_call_id: 'call_weather', output: 'sun' }],
    });
    const rest = await gather(second);
    assert.deepEqual(namesOf(rest.events), [...GOES_ON, ...messageOf(2), 'run.completed']);
    await assertStored(second, rest);
  });

  it('a run that is cancelled', async () => {
    api.engine.model.add({ text: ['Once', ' upon'], pieces: ['stall'] });
    const { id } = await say('Hi');
    const stream = client.beta.threads.runs.stream(id, { assistant_id: (await assistant()).id });
    const gathered = gather(stream);
    await new Promise((resolve) => stream.once('textDelta', resolve));
    await client.beta.threads.runs.cancel(stream.currentRun()!.id, { thread_id: id });
    await assertStored(stream, await gathered);
    assert.equal((await stream.finalRun()).status, 'cancelled');
    assert.deepEqual(
      (await stream.finalRunSteps()).map(({ status }) => status),
      ['cancelled'],
    );
  });

  it('a run that is cut, and one that fails', async () => {
    const assistant_id = (await assistant()).id;
    for (const [turns, status] of [
      [[{ text: ['Once', ' upon'], finish: 'length' }], 'incomplete'],
      [[{ text: 'Once', pieces: ['drop' as const] }, { error: { status: 400 } }], 'failed'],
    ] as const) {
      api.engine.model.add(...turns);
      const { id } = await say('Hi');
      const stream = client.beta.threads.runs.stream(id, { assistant_id });
      const gathered = await gather(stream);
      await assertStored(stream, gathered);
      assert.equal((await stream.finalRun()).status, status);
    }
  });
});

/** Entries of arrays carry their index in deltas only. */
function withoutIndex(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutIndex);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name !== 'index')
      .map(([name, member]) => [name, withoutIndex(member)]),
  );
}

/** The outputs of functions come with the step's completion, not in pieces. */
function withoutOutputs(details: Step['step_details'], status: string): Step['step_details'] {
  if (details.type !== 'tool_calls' || status === 'in_progress') return details;
  const tool_calls = details.tool_calls.map((call) =>
    call.type === 'function' ? { ...call, function: { ...call.function, output: null } } : call,
  );
  return { ...details, tool_calls };
}
