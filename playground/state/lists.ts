import { computed, signal } from '@preact/signals';
import type OpenAI from 'openai';

import { api } from './connection.ts';
import { listing } from './listing.ts';

export type Assistant = OpenAI.Beta.Assistant;
export type Thread = OpenAI.Beta.Thread;
export type FileObject = OpenAI.FileObject;

const PAGE = 50;
const after = (id: string | undefined) => (id === undefined ? { limit: PAGE } : { limit: PAGE, after: id });

export const assistants = listing<Assistant>((id) => api().client.beta.assistants.list(after(id)));
export const threads = listing<Thread>((id) => api().listThreads(after(id)));
export const files = listing<FileObject>((id) => api().client.files.list(after(id)));

const chosenId = signal<string | undefined>(undefined);

/** Whom questions go to: the one that was chosen, else the newest. */
export const assistant = computed(
  () => assistants.items.value.find(({ id }) => id === chosenId.value) ?? assistants.items.value[0],
);

export function choose(id: string): void {
  chosenId.value = id;
}

/** The first question of each thread, as far as somebody has looked at its line. */
export const titles = signal<ReadonlyMap<string, string>>(new Map());

export function nameThread(id: string, title: string): void {
  if (title !== '' && titles.value.get(id) !== title) titles.value = new Map(titles.value).set(id, title);
}

const asked = new Set<string>();

export async function askForTitle(id: string): Promise<void> {
  if (asked.has(id) || titles.value.has(id)) return;
  asked.add(id);
  try {
    const { data } = await api().client.beta.threads.messages.list(id, { order: 'asc', limit: 1 });
    const text = data[0]?.content.map((part) => (part.type === 'text' ? part.text.value : '')).join(' ');
    nameThread(id, titleOf(text ?? '') || 'Empty thread');
  } catch {
    asked.delete(id); // Its id stands there meanwhile.
  }
}

export const titleOf = (text: string): string => text.replace(/\s+/g, ' ').trim().slice(0, 80);
