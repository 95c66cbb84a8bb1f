import { computed, signal } from '@preact/signals';

import { addressOf, type Route, readRoute } from './routes.ts';

const address = signal('');

export const route = computed(() => readRoute(address.value));

export function go(to: Route): void {
  if (location.hash !== addressOf(to)) location.hash = addressOf(to);
  address.value = location.hash;
}

/** @param onKey when somebody pastes an address with a key, which the page has to take out of it */
export function followAddress(onKey: () => void): void {
  address.value = location.hash;
  addEventListener('hashchange', () => {
    if (location.hash.startsWith('#key=')) onKey();
    address.value = location.hash;
  });
}
