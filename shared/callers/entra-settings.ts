import { isRole, PROJECT_NAME, type Role, roles } from './caller.ts';

/** Claims that can stand on the left of an entry of `ENTRA_CALLERS`, and what they are called in a token. */
const claimNames = {
  /** The calling application: `azp` in tokens of version 2, `appid` in those of version 1. */
  app: ['azp', 'appid'],
  /** The user, or the service principal of an application or managed identity. */
  oid: ['oid'],
  tid: ['tid'],
  group: ['groups'],
  role: ['roles'],
} as const satisfies Record<string, readonly string[]>;

type ClaimKind = keyof typeof claimNames;

/** One entry: whoever has this claim belongs to this project, in this role. */
export interface CallerRule {
  /** Of the token: whichever of these it has. */
  readonly claims: readonly string[];
  /** `*` = any. */
  readonly value: string;
  /** `*` = the project that the door names, else one named after the claim's value. */
  readonly project: string;
  readonly role: Role;
}

export interface EntraSettings {
  /** Where tokens and their keys come from, without a slash at the end. */
  readonly authority: string;
  readonly tenants: readonly string[];
  readonly audiences: readonly string[];
  readonly rules: readonly CallerRule[];
}

const TENANT = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const ENTRY = /^(\w+):([^=\s]+)=([^/\s]+)(?:\/(\w+))?$/;

const list = (setting: string): string[] =>
  setting
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');

/**
 * Reads `ENTRA_TENANTS`, `ENTRA_AUDIENCES` and `ENTRA_CALLERS`; undefined where none of them is set.
 * `ENTRA_CALLERS` is a list of `CLAIM:VALUE=PROJECT` or `CLAIM:VALUE=PROJECT/ROLE`, CLAIM being app, oid, tid,
 * group or role, for example `app:1111…=team-a,group:2222…=team-b/reader`. The role is `user` where none is given.
 * @throws {TypeError} naming the setting and what is wrong with it
 */
export function readEntraSettings(setting: {
  readonly ENTRA_AUTHORITY: string;
  readonly ENTRA_TENANTS: string;
  readonly ENTRA_AUDIENCES: string;
  readonly ENTRA_CALLERS: string;
}): EntraSettings | undefined {
  const tenants = list(setting.ENTRA_TENANTS);
  const audiences = list(setting.ENTRA_AUDIENCES);
  const entries = list(setting.ENTRA_CALLERS);
  if (tenants.length + audiences.length + entries.length === 0) return undefined;
  for (const tenant of tenants) {
    if (!TENANT.test(tenant)) throw new TypeError(`ENTRA_TENANTS: '${tenant}' is not a tenant's id (a GUID)`);
  }
  if (tenants.length === 0)
    throw new TypeError('ENTRA_TENANTS: not set, so no token could be accepted; name the ids of the tenants');
  if (audiences.length === 0)
    throw new TypeError(
      'ENTRA_AUDIENCES: not set; name the audiences of tokens, for example https://ai.azure.com',
    );
  if (entries.length === 0)
    throw new TypeError('ENTRA_CALLERS: not set; say who belongs where, for example app:CLIENT_ID=team-a');
  return {
    authority: setting.ENTRA_AUTHORITY.replace(/\/+$/, ''),
    tenants: tenants.map((tenant) => tenant.toLowerCase()),
    audiences,
    rules: entries.map(readRule),
  };
}

function readRule(entry: string): CallerRule {
  const [, kind = '', value = '', project = '', role = 'user'] = ENTRY.exec(entry) ?? [];
  if (!Object.hasOwn(claimNames, kind)) {
    throw new TypeError(
      `ENTRA_CALLERS: '${entry}' is not CLAIM:VALUE=PROJECT or CLAIM:VALUE=PROJECT/ROLE with one of the claims ${Object.keys(claimNames).join(', ')}`,
    );
  }
  if (project !== '*' && !PROJECT_NAME.test(project))
    throw new TypeError(
      `ENTRA_CALLERS: '${project}' is not the name of a project (letters, digits, '-' and '_')`,
    );
  if (!isRole(role))
    throw new TypeError(`ENTRA_CALLERS: '${role}' is not a role; the roles are ${roles.join(', ')}`);
  // Whoever may name any project must be named: else every application of a tenant would reach every project.
  if (value === '*' && kind !== 'app' && kind !== 'oid')
    throw new TypeError(`ENTRA_CALLERS: '${entry}': only app and oid can be '*', each a project of its own`);
  if (value === '*' && project !== '*')
    throw new TypeError(
      `ENTRA_CALLERS: '${entry}': '*' gives each caller a project of its own: end it with '=*'`,
    );
  return { claims: claimNames[kind as ClaimKind], value: value.toLowerCase(), project, role };
}
