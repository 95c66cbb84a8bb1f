import { signal } from '@preact/signals';

import { type Problem, problemOf } from '../api/problem.ts';
import { Chat, type Question } from './chat.ts';
import { api } from './connection.ts';
import { nameThread, threads, titleOf } from './lists.ts';
import { go } from './route.ts';

const chats = new Map<string, Chat>();

/** Why no thread could be made. */
export const threadProblem = signal<Problem | undefined>(undefined);

/** The chat of a thread; read from the API when it is opened first. */
export function chatOf(threadId: string): Chat {
  const known = chats.get(threadId);
  if (known) return known;
  const chat = new Chat(api(), threadId);
  chats.set(threadId, chat);
  void chat.load();
  return chat;
}

/** A new thread with its first question, which runs at once. @returns whether there is one now */
export async function startThread(assistantId: string, question: Question): Promise<boolean> {
  try {
    const thread = await api().client.beta.threads.create();
    threadProblem.value = undefined;
    threads.put(thread);
    nameThread(thread.id, titleOf(question.text));
    const chat = new Chat(api(), thread.id);
    chats.set(thread.id, chat);
    go({ name: 'thread', id: thread.id });
    void chat.ask(assistantId, question);
    return true;
  } catch (error) {
    threadProblem.value = problemOf(error);
    return false;
  }
}

/** @throws what the API refuses */
export async function deleteThread(id: string): Promise<void> {
  await api().client.beta.threads.delete(id);
  chats.get(id)?.close();
  chats.delete(id);
  threads.drop(id);
}
