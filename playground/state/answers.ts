import { signal } from '@preact/signals';

/** What each function is answered with from now on, by its name. For this tab, until it is reloaded. */
export const remembered = signal<ReadonlyMap<string, string>>(new Map());

export function remember(name: string, output: string): void {
  remembered.value = new Map(remembered.value).set(name, output);
}

export function forgetAnswer(name: string): void {
  const answers = new Map(remembered.value);
  answers.delete(name);
  remembered.value = answers;
}
