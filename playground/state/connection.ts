import { signal } from '@preact/signals';

import { type Api, createApi } from '../api/api.ts';
import { type Credential, forget, found, keep } from '../api/credential.ts';
import { type Problem, problemOf } from '../api/problem.ts';

/** The way to the API, once a key has proved to open it. */
export interface Connection {
  readonly api: Api;
  readonly credential: Credential;
  /** What `GET /models` lists. */
  readonly models: readonly string[];
}

export const connection = signal<Connection | undefined>(undefined);
export const connecting = signal(false);
export const refusal = signal<Problem | undefined>(undefined);

/** The name of the model that `npm start` brings where no real one is configured. */
export const DEMO_MODEL = 'demo';

/** With the key of the address or of this tab, if there is one. */
export async function connectIfKnown(): Promise<void> {
  const { credential, inAddress } = found(location, sessionStorage);
  if (inAddress) {
    // Out of the address at once: it would stand in the history, and be copied along.
    history.replaceState(null, '', location.pathname);
    if (credential) keep(credential, sessionStorage);
  }
  if (credential) await connect(credential, { remember: false });
}

export async function connect(credential: Credential, { remember }: { remember: boolean }): Promise<void> {
  connecting.value = true;
  refusal.value = undefined;
  try {
    const api = createApi(credential, location.origin);
    const { data } = await api.client.models.list();
    if (remember) keep(credential, sessionStorage);
    connection.value = { api, credential, models: data.map(({ id }) => id) };
  } catch (error) {
    forget(sessionStorage);
    refusal.value = problemOf(error);
  } finally {
    connecting.value = false;
  }
}

/** Forgets the key, and with the page's reload everything that was read with it. */
export function disconnect(): void {
  forget(sessionStorage);
  location.assign(location.pathname);
}

/** @throws when nobody is signed in, which the page never shows a button for */
export function api(): Api {
  if (!connection.value) throw new Error('Not connected');
  return connection.value.api;
}
