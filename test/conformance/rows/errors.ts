/** One table, the contract’s refusals row by row, and so one long file. */
import assert from 'node:assert/strict';

import type { Api, RawRequest, Row, RunPlace } from '../scene/row.ts';
import { cancel, type WaitingRun, waitingRun } from '../scene/shared-objects.ts';

/** What a refusal has to look like; its type is `invalid_request_error` everywhere here. */
interface Expected {
  readonly status: number;
  readonly code: string | null;
  readonly param: string | null;
  readonly message: string | RegExp;
}

interface Refusal extends Expected {
  readonly says: string;
  readonly method: string;
  readonly path: string;
  readonly request?: RawRequest;
}

async function expectRefusal(
  { send }: Api,
  method: string,
  path: string,
  request: RawRequest,
  expected: Expected,
): Promise<void> {
  const { status, body } = await send(method, path, request);
  const { message, ...error } = body.error as Record<string, unknown>;
  const { message: wanted, status: wantedStatus, ...rest } = expected;
  assert.deepEqual(
    { status, ...error },
    { status: wantedStatus, type: 'invalid_request_error', ...rest },
    String(message),
  );
  if (typeof wanted === 'string') assert.equal(message, wanted);
  else assert.match(String(message), wanted);
}

const POST = { method: 'POST', path: '/v1/assistants', status: 400 } as const;
const missing = (kind: string, path: string, id: string) => ({
  says: `an unknown ${kind}`,
  method: 'GET',
  path,
  status: 404,
  code: null,
  param: null,
  message: `No ${kind} found with id '${id}'.`,
});

/** The contract's table, as far as its rows need nothing but a request. */
const plain: readonly Refusal[] = [
  {
    says: 'no key',
    method: 'GET',
    path: '/v1/assistants',
    request: { key: null },
    status: 401,
    code: 'invalid_api_key',
    param: null,
    message: /^Incorrect API key provided: /,
  },
  {
    says: 'a wrong key, of which at most the last 4 characters are shown',
    method: 'GET',
    path: '/v1/assistants',
    request: { key: 'sk-conformance-wrong-key-9876' },
    status: 401,
    code: 'invalid_api_key',
    param: null,
    message: /^Incorrect API key provided: \*+9876\./,
  },
  missing('assistant', '/v1/assistants/asst_x', 'asst_x'),
  missing('thread', '/v1/threads/thread_x', 'thread_x'),
  missing('thread', '/v1/threads/thread_x/messages', 'thread_x'),
  missing('file', '/v1/files/file-x', 'file-x'),
  missing('file', '/v1/files/file-x/content', 'file-x'),
  {
    ...missing('upload', '/v1/uploads/upload_x/cancel', 'upload_x'),
    method: 'POST',
  },
  {
    says: 'an unknown path',
    method: 'POST',
    path: '/v1/foo',
    status: 404,
    code: 'unknown_url',
    param: null,
    message: 'Invalid URL (POST /v1/foo)',
  },
  {
    says: 'a wrong method on a known path',
    method: 'PUT',
    path: '/v1/assistants',
    status: 405,
    code: 'method_not_supported',
    param: null,
    message: 'Not allowed to PUT on /v1/assistants.',
  },
  {
    ...POST,
    says: 'an unknown field',
    request: { body: { model: 'm', foo: 1 } },
    code: 'unknown_parameter',
    param: 'foo',
    message: "Unknown parameter: 'foo'.",
  },
  {
    ...POST,
    says: 'a field of which one letter is off',
    request: { body: { model: 'm', nmae: 'x' } },
    code: 'unknown_parameter',
    param: 'nmae',
    message: "Unknown parameter: 'nmae'. Did you mean 'name'?",
  },
  {
    ...POST,
    says: 'a field with a space too many',
    request: { body: { 'model ': 'm' } },
    code: 'unknown_parameter',
    param: 'model ',
    message: "Unknown parameter: 'model '. Did you mean 'model'?",
  },
  {
    ...POST,
    says: 'an unknown field deep inside',
    request: { body: { model: 'm', tools: [{ type: 'function', function: { name: 'f', foo: 1 } }] } },
    code: 'unknown_parameter',
    param: 'tools[0].function.foo',
    message: "Unknown parameter: 'tools[0].function.foo'.",
  },
  {
    ...POST,
    says: 'a missing field',
    request: { body: {} },
    code: 'missing_required_parameter',
    param: 'model',
    message: "Missing required parameter: 'model'.",
  },
  {
    ...POST,
    says: 'a missing field deep inside',
    request: { body: { model: 'm', tools: [{ type: 'function', function: {} }] } },
    code: 'missing_required_parameter',
    param: 'tools[0].function.name',
    message: "Missing required parameter: 'tools[0].function.name'.",
  },
  {
    ...POST,
    says: 'a wrong type',
    request: { body: { model: 'm', temperature: '1' } },
    code: 'invalid_type',
    param: 'temperature',
    message: "Invalid type for 'temperature': expected a number, but got a string instead.",
  },
  {
    says: 'a limit above its maximum',
    method: 'GET',
    path: '/v1/assistants?limit=101',
    status: 400,
    code: 'integer_above_max_value',
    param: 'limit',
    message: "Invalid 'limit': integer above maximum value. Expected a value <= 100, but got 101 instead.",
  },
  {
    says: 'a limit below its minimum',
    method: 'GET',
    path: '/v1/threads?limit=0',
    status: 400,
    code: 'integer_below_min_value',
    param: 'limit',
    message: "Invalid 'limit': integer below minimum value. Expected a value >= 1, but got 0 instead.",
  },
  {
    ...POST,
    says: 'a text that is too long',
    request: { body: { model: 'm', name: 'x'.repeat(257) } },
    code: 'string_above_max_length',
    param: 'name',
    message:
      "Invalid 'name': string too long. Expected a string with maximum length 256, but got a string with length 257 instead.",
  },
  {
    ...POST,
    says: 'a list that is too long',
    request: {
      body: { model: 'm', tools: Array.from({ length: 129 }, () => ({ type: 'code_interpreter' })) },
    },
    code: 'array_above_max_length',
    param: 'tools',
    message:
      "Invalid 'tools': array too long. Expected an array with maximum length 128, but got an array with length 129 instead.",
  },
  {
    ...POST,
    says: 'a body that is no JSON',
    request: { body: '{"model": ' },
    code: null,
    param: null,
    message: /^We could not parse the JSON body of your request\. /,
  },
  {
    ...POST,
    says: 'a body that is too large',
    request: { body: `{"model":"${'x'.repeat(5 * 1024 * 1024)}"}` },
    status: 413,
    code: null,
    param: null,
    message: /limit is 4194304 bytes \(4 MiB\)/,
  },
];

const bad = { status: 400, code: null, param: null } as const;
const runPath = ({ thread_id, id }: RunPlace) => `/v1/threads/${thread_id}/runs/${id}`;

/** Rows about a run that waits, and so locks its thread. */
const aboutWaiting: readonly { says: string; ask: (api: Api, waiting: WaitingRun) => Promise<void> }[] = [
  {
    says: 'a new message in a locked thread',
    ask: (api, { run }) =>
      expectRefusal(
        api,
        'POST',
        `/v1/threads/${run.thread_id}/messages`,
        { body: { role: 'user', content: 'x' } },
        { ...bad, message: `Can't add messages to ${run.thread_id} while a run ${run.id} is active.` },
      ),
  },
  {
    says: 'a new run in a locked thread',
    ask: async (api, { run }) =>
      expectRefusal(
        api,
        'POST',
        `/v1/threads/${run.thread_id}/runs`,
        { body: { assistant_id: await api.shared.assistantId() } },
        { ...bad, message: `Thread ${run.thread_id} already has an active run ${run.id}.` },
      ),
  },
  {
    says: 'outputs that are incomplete',
    ask: async (api, { run, calls }) => {
      const ids = calls.map(({ id }) => `'${id}'`).join(', ');
      const message = `Expected tool outputs for call_ids [${ids}], got []`;
      const request = { body: { tool_outputs: [] } };
      const expected = { ...bad, param: 'tool_outputs', message };
      await expectRefusal(api, 'POST', `${runPath(run)}/submit_tool_outputs`, request, expected);
    },
  },
  {
    says: 'outputs of unknown calls',
    ask: async (api, { run, calls }) => {
      const ids = calls.map(({ id }) => `'${id}'`).join(', ');
      const message = `Expected tool outputs for call_ids [${ids}], got ['call_unknown']`;
      const request = { body: { tool_outputs: [{ tool_call_id: 'call_unknown', output: 'x' }] } };
      const expected = { ...bad, param: 'tool_outputs', message };
      await expectRefusal(api, 'POST', `${runPath(run)}/submit_tool_outputs`, request, expected);
    },
  },
];

export const errors: readonly Row[] = [
  ...plain.map(
    ({ says, method, path, request = {}, ...expected }): Row => ({
      says: `refused: ${says} (${method} ${path})`,
      run: (api) => expectRefusal(api, method, path, request, expected),
    }),
  ),
  ...aboutWaiting.map(
    ({ says, ask }): Row => ({
      says: `refused: ${says}`,
      async run(api) {
        const waiting = await waitingRun(api);
        await ask(api, waiting);
        await cancel(api, waiting.run);
      },
    }),
  ),
  {
    says: 'refused: cancelling a run that has ended, and outputs for it',
    async run(api) {
      const run = await api.shared.finishedRun();
      const path = runPath(run);
      const cancelled = { ...bad, message: "Cannot cancel run with status 'completed'." };
      await expectRefusal(api, 'POST', `${path}/cancel`, {}, cancelled);
      const request = { body: { tool_outputs: [] } };
      const message = 'Runs in status "completed" do not accept tool outputs.';
      await expectRefusal(api, 'POST', `${path}/submit_tool_outputs`, request, { ...bad, message });
    },
  },
  {
    says: 'refused: unknown messages, runs and steps of a thread; of an unknown thread the thread is what is missing',
    async run(api) {
      const run = await api.shared.finishedRun();
      const outputs = { tool_outputs: [] };
      for (const [method, path, kind, id, body] of [
        ['GET', '/messages/msg_x', 'message', 'msg_x'],
        ['POST', '/messages/msg_x', 'message', 'msg_x', {}],
        ['DELETE', '/messages/msg_x', 'message', 'msg_x'],
        ['GET', '/runs/run_x', 'run', 'run_x'],
        ['POST', '/runs/run_x', 'run', 'run_x', {}],
        ['POST', '/runs/run_x/cancel', 'run', 'run_x'],
        ['POST', '/runs/run_x/submit_tool_outputs', 'run', 'run_x', outputs],
        ['POST', '/runs/run_x/submit_tool_outputs', 'run', 'run_x', { ...outputs, stream: true }],
        ['GET', '/runs/run_x/events', 'run', 'run_x'],
        ['GET', '/runs/run_x/steps', 'run', 'run_x'],
        ['GET', `/runs/${run.id}/steps/step_x`, 'run step', 'step_x'],
      ] as const) {
        const request = { body };
        const unknown = (of: string, name: string) => ({
          ...bad,
          status: 404,
          message: `No ${of} found with id '${name}'.`,
        });
        await expectRefusal(api, method, `/v1/threads/${run.thread_id}${path}`, request, unknown(kind, id));
        await expectRefusal(
          api,
          method,
          `/v1/threads/thread_x${path}`,
          request,
          unknown('thread', 'thread_x'),
        );
      }
    },
  },
  {
    says: 'refused: unknown assistants and files in bodies, with the place where they stand',
    async run(api) {
      const { thread_id } = await api.shared.finishedRun();
      const attached = { role: 'user', content: 'x', attachments: [{ file_id: 'file-x', tools: [] }] };
      const resources = { code_interpreter: { file_ids: ['file-x'] } };
      for (const [path, body, kind, id, param] of [
        [`/v1/threads/${thread_id}/runs`, { assistant_id: 'asst_x' }, 'assistant', 'asst_x', 'assistant_id'],
        [`/v1/threads/${thread_id}/messages`, attached, 'file', 'file-x', 'attachments[0].file_id'],
        [
          '/v1/threads',
          { tool_resources: resources },
          'file',
          'file-x',
          'tool_resources.code_interpreter.file_ids[0]',
        ],
      ] as const) {
        const message = `No ${kind} found with id '${id}'.`;
        await expectRefusal(api, 'POST', path, { body }, { ...bad, status: 404, param, message });
      }
    },
  },
];
