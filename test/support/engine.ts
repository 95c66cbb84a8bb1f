import assert from 'node:assert/strict';

import type { QueueClient } from '@azure/storage-queue';

import { emulatedSessions } from '../../local/settings.ts';
import { newAssistant } from '../../shared/api/assistant.ts';
import { newMessage } from '../../shared/api/message.ts';
import type { CreateRun } from '../../shared/api/run.ts';
import { newThread } from '../../shared/api/thread.ts';
import { type Clock, systemClock } from '../../shared/clock.ts';
import { readConfig } from '../../shared/config.ts';
import { handleRunMessage } from '../../shared/engine/handle-run-message.ts';
import { startRun } from '../../shared/engine/start-run.ts';
import { newId } from '../../shared/ids.ts';
import { handleIndexMessage } from '../../shared/indexing/handle-index-message.ts';
import type { Log } from '../../shared/log.ts';
import { IndexMessage } from '../../shared/queue/index-queue.ts';
import { RunMessage } from '../../shared/queue/run-queue.ts';
import { createServices, type Services } from '../../shared/services.ts';
import { openStorageAccount } from '../../shared/store/connection.ts';
import { patiently } from '../../shared/store/patience.ts';
import { testStorage } from './azurite.ts';
import { type ScriptedModel, startScriptedModel } from './scripted-model.ts';

export const quietLog: Log = { info: () => {}, warn: () => {}, error: () => {} };
export const PROJECT = 'test';

/** An engine in this process: real storage, the scripted model, and a queue that the test empties itself. */
export interface TestEngine extends AsyncDisposable {
  readonly services: Services;
  readonly model: ScriptedModel;
  /** Creates an assistant, a thread with one message, and a queued run. */
  aRun(options?: {
    text?: string;
    assistant?: object;
    run?: Partial<CreateRun>;
    threadId?: string;
  }): Promise<RunIds>;
  /** A message of the user, at the end of a thread. */
  say(threadId: string, text: string): Promise<void>;
  /** Handles every visible message until none is left. */
  pump(): Promise<void>;
  /** How many messages wait, visible or not. */
  messagesWaiting(): Promise<number>;
  /** Deletes the messages that start runs, as if whoever took them had died. */
  loseMessages(): Promise<void>;
}

export interface RunIds {
  readonly threadId: string;
  readonly runId: string;
  readonly assistantId: string;
}

let engines = 0;

export async function testEngine(
  environment: Record<string, string> = {},
  clock: Clock = systemClock,
): Promise<TestEngine> {
  const storage = await testStorage();
  const model = await startScriptedModel();
  const config = readConfig({
    AzureWebJobsStorage: storage.connectionString,
    STORAGE_PREFIX: `${storage.prefix}e${++engines}`,
    API_KEYS: 'test:KEY',
    // Tests read the log, in which each request would be a line.
    AUDIT: 'off',
    OPENAI_BASE_URL: model.url,
    OPENAI_API_KEY: 'none',
    ...emulatedSessions('http://127.0.0.1:1'),
    ...environment,
  });
  const services = await createServices(config, { log: quietLog, clock });
  const account = await openStorageAccount(config);
  const queue = account.queue('runs');
  const indexQueue = account.queue('index');

  return {
    services,
    model,
    async aRun({ text = 'Hello', assistant = {}, run = {}, threadId } = {}) {
      const now = services.clock.now();
      const record = newAssistant({ model: 'scripted', ...assistant } as never, PROJECT, now);
      await services.stores.assistants.insert(record);
      let thread = threadId;
      if (!thread) {
        const object = newThread({}, now);
        thread = object.id;
        const id = newId('message', now);
        const message = newMessage({ role: 'user', content: text } as never, {
          project: PROJECT,
          threadId: thread,
          id,
          now,
        });
        await services.stores.threads.create(PROJECT, object, [message]);
      }
      const request = { assistant_id: record.object.id, ...run } as CreateRun;
      const started = await startRun(services, {
        project: PROJECT,
        threadId: thread,
        assistant: record,
        request,
      });
      return { threadId: thread, runId: started.queued.object.id, assistantId: record.object.id };
    },
    async say(threadId, text) {
      const now = services.clock.now();
      const { outcome } = await services.stores.messages.append(PROJECT, threadId, (id) =>
        newMessage({ role: 'user', content: text } as never, { project: PROJECT, threadId, id, now }),
      );
      assert.equal(outcome, 'appended');
    },
    async pump() {
      while (
        (await drain(queue, (message) => handleRunMessage(services, RunMessage.parse(message)))) +
          (await drain(indexQueue, (message) => handleIndexMessage(services, IndexMessage.parse(message)))) >
        0
      );
    },
    async loseMessages() {
      const { receivedMessageItems: items } = await queue.receiveMessages({ numberOfMessages: 32 });
      await Promise.all(
        items.map(({ messageId, popReceipt, messageText }) => {
          const { kind } = RunMessage.parse(JSON.parse(Buffer.from(messageText, 'base64').toString()));
          // On a slow machine a watchdog is there already, which nobody has taken.
          if (kind === 'watch') return queue.updateMessage(messageId, popReceipt, messageText, 0);
          return queue.deleteMessage(messageId, popReceipt);
        }),
      );
    },
    async messagesWaiting() {
      return (await queue.getProperties()).approximateMessagesCount ?? 0;
    },
    async [Symbol.asyncDispose]() {
      await model.stop();
    },
  };
}

/** Handles the messages that are visible, once. @returns their number */
async function drain(queue: QueueClient, handle: (message: unknown) => Promise<void>): Promise<number> {
  const { receivedMessageItems: items } = await patiently((abortSignal) =>
    queue.receiveMessages({ numberOfMessages: 16, visibilityTimeout: 600, abortSignal }),
  );
  await Promise.all(
    items.map(async (item) => {
      await handle(JSON.parse(Buffer.from(item.messageText, 'base64').toString()));
      await patiently((abortSignal) =>
        queue.deleteMessage(item.messageId, item.popReceipt, { abortSignal }),
      ).catch((error: unknown) => {
        // Deleted by a try whose answer was lost.
        if ((error as { statusCode?: number }).statusCode !== 404) throw error;
      });
    }),
  );
  return items.length;
}
