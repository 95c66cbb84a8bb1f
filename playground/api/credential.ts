/**
 * What this tab shows at the door of the API. There are only keys yet: a sign-in would be a second kind here, with
 * a token that is renewed, and nothing else in the page would have to know of it.
 */
export interface Credential {
  readonly kind: 'key';
  readonly key: string;
}

/** As much of a tab's `sessionStorage` as is needed. */
interface KeyStore {
  getItem(name: string): string | null;
  setItem(name: string, value: string): void;
  removeItem(name: string): void;
}

const SLOT = 'hourglass-key';

export const bearerOf = ({ key }: Credential): string => key;

/** What is shown of it: enough to tell two keys apart. */
export const tailOf = ({ key }: Credential): string => key.slice(-4);

/**
 * Kept in memory; in the tab's session storage only when the user asks for it, so that a reload asks no more.
 * It never reaches other tabs, and is gone with this one.
 */
export function keep(credential: Credential, storage: KeyStore): void {
  storage.setItem(SLOT, credential.key);
}

export const forget = (storage: KeyStore): void => storage.removeItem(SLOT);

/**
 * The key that `npm start` prints behind `#key=`, or the one that was kept. An address with a key counts on this
 * machine only: elsewhere, whoever sends such a link could make others work in a project of his.
 * @returns also whether the address held one, which then has to be taken out of it
 */
export function found(
  location: { readonly hash: string; readonly hostname: string },
  storage: KeyStore,
): { readonly credential: Credential | undefined; readonly inAddress: boolean } {
  const given = /^#key=(.+)$/.exec(location.hash)?.[1];
  if (given !== undefined) {
    const isLocal = /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/.test(location.hostname);
    return { credential: isLocal ? { kind: 'key', key: decoded(given) } : undefined, inAddress: true };
  }
  const kept = storage.getItem(SLOT);
  return { credential: kept === null ? undefined : { kind: 'key', key: kept }, inAddress: false };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
