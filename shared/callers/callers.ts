import { ApiError } from '../api/error.ts';
import { readApiKeys } from './api-keys.ts';
import { type Caller, isToken } from './caller.ts';
import { readEntraSettings } from './entra-settings.ts';
import type { EntraTokens } from './entra-tokens.ts';
import type { StoredKeys } from './stored-keys.ts';

/** What says who may call. */
export interface CallerSettings {
  readonly API_KEYS: string;
  readonly ENTRA_AUTHORITY: string;
  readonly ENTRA_TENANTS: string;
  readonly ENTRA_AUDIENCES: string;
  readonly ENTRA_CALLERS: string;
}

export interface Callers {
  /**
   * Whose request it is. Keys and tokens are both taken in `authorization: Bearer …`, keys also in `api-key`.
   * @param door the project that the address names, where it names one
   * @throws {ApiError} 401 for who is not known, 403 for who does not belong to the door's project
   */
  authenticate(headers: Headers, door?: string): Promise<Caller>;
}

const SHORTEST_KEY_SHOWN = 16;

/**
 * @param stored keys in storage, which are looked for where no setting knows a key
 * @throws {TypeError} for settings that cannot be read, or that let nobody in
 */
export function readCallers(
  settings: CallerSettings,
  now: () => number = Date.now,
  stored?: StoredKeys,
): Callers {
  const keys = readApiKeys(settings.API_KEYS);
  const entra = readEntraSettings(settings);
  if (keys.size === 0 && !entra) {
    throw new TypeError(
      'API_KEYS: no key is set, so nobody could call the API; for example API_KEYS=team-a:KEY1,team-b:KEY2',
    );
  }
  let tokens: Promise<EntraTokens> | undefined;
  // Loaded with the first token: whoever has keys alone does not pay for it.
  const verifier = () => {
    tokens ??= import('./entra-tokens.ts').then(({ entraTokens }) => entraTokens(entra!, now));
    return tokens;
  };
  return {
    async authenticate(headers, door) {
      const presented = presentedSecrets(headers);
      for (const secret of presented) {
        if (entra && isToken(secret)) return (await verifier()).authenticate(secret, door);
        const caller = keys.find(secret, now()) ?? (await stored?.find(secret));
        if (caller) return throughDoor(caller, door);
      }
      throw unknownCaller(presented[0], keys.size > 0, entra !== undefined);
    },
  };
}

/** A key belongs to one project, whatever the door says. */
function throughDoor(caller: Caller, door: string | undefined): Caller {
  if (door === undefined || door === caller.project) return caller;
  throw new ApiError(403, `This key does not belong to the project '${door}'.`, { code: 'no_project' });
}

function unknownCaller(secret: string | undefined, byKey: boolean, byToken: boolean): ApiError {
  const ways = [
    ...(byKey ? ["one of the keys of this deployment as 'Authorization: Bearer KEY' or 'api-key: KEY'"] : []),
    ...(byToken ? ["an access token of Entra ID as 'Authorization: Bearer TOKEN'"] : []),
  ];
  return new ApiError(401, `Incorrect API key provided: ${masked(secret)}. Send ${ways.join(', or ')}.`, {
    code: 'invalid_api_key',
    headers: { 'www-authenticate': 'Bearer' },
  });
}

function presentedSecrets(headers: Headers): string[] {
  const bearer = /^Bearer +(\S.*)$/i.exec(headers.get('authorization') ?? '')?.[1];
  return [headers.get('api-key'), bearer].filter((key) => typeof key === 'string' && key !== '') as string[];
}

/** At most the last four characters, and none of a key so short that they would give it away. */
function masked(key: string | undefined): string {
  if (key === undefined) return '(none)';
  const end = key.trim().slice(-4);
  return key.length < SHORTEST_KEY_SHOWN || !/^[\x21-\x7e]+$/.test(end) ? '****' : `****${end}`;
}
