import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { AssistantEvent } from '../../playground/api/run-events.ts';
import {
  type Conversation,
  type Message,
  nothingSaid,
  type Run,
  type RunStep,
  withEvent,
  withListedSteps,
} from '../../playground/state/conversation.ts';
import { timelineOf } from '../../playground/state/timeline.ts';

const run = (id: string, fields: object = {}) =>
  ({
    id,
    object: 'thread.run',
    created_at: 10,
    status: 'in_progress',
    tools: [],
    ...fields,
  }) as unknown as Run;
const step = (id: string, fields: object = {}) =>
  ({
    id,
    run_id: 'run_1',
    created_at: 10,
    status: 'in_progress',
    step_details: { type: 'tool_calls', tool_calls: [] },
    ...fields,
  }) as unknown as RunStep;
const message = (id: string, fields: object = {}) =>
  ({
    id,
    role: 'user',
    created_at: 10,
    run_id: null,
    content: [],
    attachments: [],
    ...fields,
  }) as unknown as Message;
const told = (...events: [string, object][]): Conversation =>
  events.reduce<Conversation>(
    (before, [event, data], at) => withEvent(before, { event, data } as AssistantEvent, at * 100),
    nothingSaid,
  );
const delta = (id: string, ...calls: object[]): [string, object] => [
  'thread.run.step.delta',
  { id, delta: { step_details: { type: 'tool_calls', tool_calls: calls } } },
];

test('code, logs and figures of a step grow piece by piece, in their places', () => {
  const { steps } = told(
    ['thread.run.created', run('run_1')],
    ['thread.run.step.created', step('step_1')],
    delta('step_1', {
      index: 0,
      id: 'call_1',
      type: 'code_interpreter',
      code_interpreter: { input: 'pri', outputs: [] },
    }),
    delta('step_1', { index: 0, type: 'code_interpreter', code_interpreter: { input: 'nt(1)' } }),
    delta('step_1', {
      index: 0,
      type: 'code_interpreter',
      code_interpreter: { outputs: [{ index: 0, type: 'logs', logs: '1' }] },
    }),
    delta('step_1', {
      index: 0,
      type: 'code_interpreter',
      code_interpreter: { outputs: [{ index: 0, type: 'logs', logs: '\n' }] },
    }),
    delta('step_1', {
      index: 0,
      type: 'code_interpreter',
      code_interpreter: { outputs: [{ index: 1, type: 'image', image: { file_id: 'file-1' } }] },
    }),
  );
  const details = steps.get('run_1')?.[0]?.step_details as unknown as { tool_calls: unknown[] };
  assert.deepEqual(details.tool_calls, [
    {
      index: 0,
      id: 'call_1',
      type: 'code_interpreter',
      code_interpreter: {
        input: 'print(1)',
        outputs: [
          { index: 0, type: 'logs', logs: '1\n' },
          { index: 1, type: 'image', image: { file_id: 'file-1' } },
        ],
      },
    },
  ]);
});

test('a text grows behind its figure, and its annotations are kept', () => {
  const text = (value: string, annotations: object[] = []) => ({
    id: 'msg_1',
    delta: { content: [{ index: 1, type: 'text', text: { value, annotations } }] },
  });
  const { messages } = told(
    ['thread.message.created', message('msg_1', { role: 'assistant', run_id: 'run_1' })],
    [
      'thread.message.delta',
      { id: 'msg_1', delta: { content: [{ index: 0, type: 'image_file', image_file: { file_id: 'f' } }] } },
    ],
    ['thread.message.delta', text('Here ')],
    ['thread.message.delta', text('it is.')],
    [
      'thread.message.delta',
      text('', [{ index: 0, type: 'file_path', text: 'sandbox:/a', start_index: 3, end_index: 9 }]),
    ],
  );
  const [figure, answer] = messages[0]!.content as unknown as [
    { type: string },
    { text: { value: string; annotations: object[] } },
  ];
  assert.equal(figure.type, 'image_file');
  assert.equal(answer.text.value, 'Here it is.');
  assert.deepEqual(answer.text.annotations, [
    { index: 0, type: 'file_path', text: 'sandbox:/a', start_index: 3, end_index: 9 },
  ]);
});

test('a run that is over stays over, whatever is told late', () => {
  const { runs } = told(
    ['thread.run.created', run('run_1')],
    ['thread.run.completed', run('run_1', { status: 'completed' })],
    ['thread.run.in_progress', run('run_1')],
  );
  assert.deepEqual(
    runs.map(({ status }) => status),
    ['completed'],
  );
});

test('a list of steps that was asked for earlier takes nothing back that the stream has told', () => {
  const before = told(
    ['thread.run.created', run('run_1')],
    ['thread.run.step.created', step('step_1')],
    delta('step_1', { index: 0, type: 'code_interpreter', code_interpreter: { input: 'code' } }),
    ['thread.run.step.created', step('step_2')],
  );
  const after = withListedSteps(before, 'run_1', [step('step_0'), step('step_1')]);
  assert.deepEqual(
    after.steps.get('run_1')?.map(({ id }) => id),
    ['step_0', 'step_1', 'step_2'],
  );
  assert.match(JSON.stringify(after.steps.get('run_1')), /"input":"code"/);
});

test('times are those of this tab, where it has seen begin and end', () => {
  const { spans } = told(
    ['thread.run.created', run('run_1')],
    ['thread.run.step.created', step('step_1')],
    ['thread.run.step.completed', step('step_1', { status: 'completed' })],
    ['thread.run.step.completed', step('step_9', { status: 'completed' })],
    ['thread.run.completed', run('run_1', { status: 'completed' })],
  );
  assert.deepEqual(Object.fromEntries(spans), {
    run_1: { from: 0, to: 400 },
    step_1: { from: 100, to: 200 },
  });
});

test('what a run wrote stands with it; a run that wrote nothing stands behind its question', () => {
  const conversation: Conversation = {
    ...nothingSaid,
    messages: [
      message('q1', { created_at: 10 }),
      message('a1', { created_at: 12, role: 'assistant', run_id: 'r1' }),
      message('a2', { created_at: 12, role: 'assistant', run_id: 'r1' }),
      message('q2', { created_at: 20 }),
      message('q3', { created_at: 30 }),
      message('imported', { created_at: 31, role: 'assistant', run_id: 'unknown' }),
    ],
    runs: [run('r1', { created_at: 11 }), run('r2', { created_at: 21 }), run('r3', { created_at: 40 })],
  };
  assert.deepEqual(
    timelineOf(conversation).map(({ key, ...entry }) => [
      key,
      entry.kind === 'run' ? entry.messages.length : '-',
    ]),
    [
      ['q1', '-'],
      ['r1', 2],
      ['q2', '-'],
      ['r2', 0],
      ['q3', '-'],
      ['imported', '-'],
      ['r3', 0],
    ],
  );
});
