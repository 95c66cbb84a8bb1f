import assert from 'node:assert/strict';

import type OpenAI from 'openai';
import { toFile } from 'openai';

import type { ArmEmulator } from '../../local/arm/emulator.ts';
import { type TestApi, testApi } from '../support/api.ts';
import type { Turn, TurnOf } from '../support/scripted-turn.ts';
import { startTestEmulator } from '../support/sessions.ts';

export const python = (code: string): Turn => ({ toolCalls: [{ name: 'python', arguments: { code } }] });
export const LIST = python('import os; print(sorted(os.listdir("/mnt/data")))');

/** Runs that call real Python, one after the other in threads of their own, and what the model was told. */
export class PythonScene implements AsyncDisposable {
  readonly api: TestApi;
  readonly client: OpenAI;
  readonly #arm: ArmEmulator;

  private constructor(api: TestApi, arm: ArmEmulator) {
    this.api = api;
    this.client = api.client();
    this.#arm = arm;
  }

  static async start(
    settings: Record<string, string> = {},
    options: Parameters<typeof startTestEmulator>[0] = {},
  ): Promise<PythonScene> {
    const arm = await startTestEmulator({ warm: 2, ...options });
    return new PythonScene(await testApi({ SESSION_ARM_ENDPOINT: arm.url, ...settings }), arm);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.api[Symbol.asyncDispose]();
    await this.#arm.stop();
  }

  async upload(name: string, content: string | Buffer = name): Promise<string> {
    const file = await toFile(Buffer.from(content), name);
    return (await this.client.files.create({ file, purpose: 'assistants' })).id;
  }

  async textOf(id = ''): Promise<string> {
    return (await this.client.files.content(id)).text();
  }

  async assistant(file_ids: string[] = []): Promise<string> {
    const tools = [{ type: 'code_interpreter' as const }];
    const tool_resources = { code_interpreter: { file_ids } };
    return (await this.client.beta.assistants.create({ model: 'scripted', tools, tool_resources })).id;
  }

  async aThread(): Promise<string> {
    return (await this.client.beta.threads.create({ messages: [{ role: 'user', content: 'Go' }] })).id;
  }

  /**
   * Plays a run to its end: what the model was told of files first, what code printed, what the model was told
   * of its last call, and to what the answer links.
   */
  async play(thread_id: string, assistant_id: string, ...turns: (Turn | TurnOf)[]) {
    const { threads } = this.client.beta;
    const { model } = this.api.engine;
    const asked = model.requests.length;
    model.add(...turns);
    const { id } = await threads.runs.create(thread_id, { assistant_id });
    await this.api.engine.pump();
    const run = await threads.runs.retrieve(id, { thread_id });
    assert.equal(run.status, 'completed', run.last_error?.message);
    const told = String(model.requests[asked]?.body.messages[0]?.content);
    const output = String(model.requests.at(-1)?.body.messages.at(-1)?.content);
    const steps = (await threads.runs.steps.list(id, { thread_id, order: 'asc' })).data;
    const printed = steps
      .flatMap(({ step_details: details }) => (details.type === 'tool_calls' ? details.tool_calls : []))
      .flatMap((call) => (call.type === 'code_interpreter' ? call.code_interpreter.outputs : []))
      .map((each) => (each.type === 'logs' ? each.logs : ''))
      .join('');
    const [part] = (await threads.messages.list(thread_id, { limit: 1 })).data[0]?.content ?? [];
    const links = (part?.type === 'text' ? part.text.annotations : []).map((annotation) =>
      annotation.type === 'file_path' ? annotation.file_path.file_id : '',
    );
    model.assertDone();
    return { told, printed, output, links };
  }

  /** The next call of the thread gets a session of its own. */
  async loseSession(thread_id: string): Promise<void> {
    const session = await this.api.engine.services.stores.sessions.get(thread_id);
    assert.ok(session);
    await this.#arm.vanish(session.record.group);
  }
}
