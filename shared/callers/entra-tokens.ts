import { createHash } from 'node:crypto';
import { decodeJwt, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';

import { ApiError } from '../api/error.ts';
import { type Caller, isAtLeast, PROJECT_NAME } from './caller.ts';
import type { CallerRule, EntraSettings } from './entra-settings.ts';
import { signingKeys } from './signing-keys.ts';

/** Seconds by which clocks may differ. */
const SKEW_SECONDS = 60;
/** Longer than any token of Entra ID, also with the 200 groups that one can hold. */
const LONGEST_TOKEN = 16 * 1024;
const ALGORITHMS = ['RS256'];

/** Verifies access tokens of Microsoft Entra ID. */
export interface EntraTokens {
  /**
   * @param door the project that the address names, where it names one
   * @throws {ApiError} 401 for a token that is not valid here, 403 for a caller who belongs to no project,
   * 503 while the tenant's keys cannot be had
   */
  authenticate(token: string, door?: string): Promise<Caller>;
}

/**
 * Issuer, audience, signature and times of a token are checked as
 * https://learn.microsoft.com/entra/identity-platform/access-tokens#validate-tokens says, against the keys of the
 * token's own tenant, which must be one of the settings'.
 */
export function entraTokens(settings: EntraSettings, now: () => number = Date.now): EntraTokens {
  const keys = new Map<string, JWTVerifyGetKey>();
  for (const tenant of settings.tenants) {
    keys.set(tenant, signingKeys(new URL(`${settings.authority}/${tenant}/discovery/v2.0/keys`), now));
  }
  return {
    async authenticate(token, door) {
      const tenant = tenantOf(token);
      const tenantKeys = keys.get(tenant);
      if (!tenantKeys) throw refused('it was not issued by a tenant that this deployment trusts');
      const { payload } = await jwtVerify(token, tenantKeys, {
        algorithms: ALGORITHMS,
        audience: [...settings.audiences],
        issuer: issuersOf(settings.authority, tenant),
        clockTolerance: SKEW_SECONDS,
        currentDate: new Date(now()),
        requiredClaims: ['exp', 'tid'],
      }).catch((error: unknown) => {
        throw explained(error);
      });
      return callerOf(payload, settings.rules, door);
    },
  };
}

/** The tenant that the token says it is from, which nobody has checked yet. */
function tenantOf(token: string): string {
  if (token.length > LONGEST_TOKEN) throw refused(`it is longer than ${LONGEST_TOKEN} characters`);
  try {
    return String(decodeJwt(token).tid ?? '').toLowerCase();
  } catch {
    throw refused('it cannot be read');
  }
}

/** Tokens of version 1 and 2 name their issuer differently. */
const issuersOf = (authority: string, tenant: string): string[] => [
  `${authority}/${tenant}/v2.0`,
  `https://sts.windows.net/${tenant}/`,
];

const refused = (why: string): ApiError =>
  new ApiError(401, `The access token was refused: ${why}.`, {
    code: 'invalid_token',
    headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
  });

function explained(error: unknown): ApiError {
  if (error instanceof errors.JWTExpired) return refused('it has expired');
  if (error instanceof errors.JWTClaimValidationFailed) {
    const { claim } = error;
    if (claim === 'aud') return refused('it is for another audience');
    if (claim === 'iss') return refused('it has another issuer');
    if (claim === 'nbf') return refused('it is not valid yet');
    return refused(`its claim '${claim}' is missing or wrong`);
  }
  if (error instanceof errors.JOSEAlgNotAllowed || error instanceof errors.JOSENotSupported)
    return refused('its signature is of a kind that is not accepted');
  if (
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys
  )
    return refused('its signature is not one of its tenant’s');
  if (error instanceof errors.JWSInvalid || error instanceof errors.JWTInvalid)
    return refused('it cannot be read');
  return new ApiError(503, 'The keys that access tokens are checked with cannot be had at the moment.', {
    type: 'server_error',
    headers: { 'retry-after': '5' },
  });
}

/** Where the caller belongs. Of several rules for the same project the strongest role counts; else their order. */
function callerOf(payload: JWTPayload, rules: readonly CallerRule[], door: string | undefined): Caller {
  const matches = rules.flatMap((rule) => {
    const value = valuesOf(payload, rule.claims).find(
      (held) => rule.value === '*' || held.toLowerCase() === rule.value,
    );
    if (value === undefined) return [];
    return [
      { project: rule.project === '*' ? (ownDoor(rule, door) ?? value) : rule.project, role: rule.role },
    ];
  });
  const open = matches.filter(({ project }) => PROJECT_NAME.test(project) && (!door || project === door));
  const [first] = open;
  if (!first) throw stranger(payload, door);
  const role = open
    .filter(({ project }) => project === first.project)
    .reduce((best, { role: next }) => (isAtLeast(next, best) ? next : best), first.role);
  return { project: first.project, key: nameOf(payload), role };
}

/** Only callers who are named one by one may choose their project by the door. */
const ownDoor = (rule: CallerRule, door: string | undefined) => (rule.value === '*' ? undefined : door);

function valuesOf(payload: JWTPayload, claims: readonly string[]): string[] {
  for (const claim of claims) {
    const value = payload[claim];
    if (typeof value === 'string') return [value];
    if (Array.isArray(value)) return value.filter((entry) => typeof entry === 'string');
  }
  return [];
}

function stranger(payload: JWTPayload, door: string | undefined): ApiError {
  const overflow = typeof payload._claim_names === 'object' && payload._claim_names !== null;
  const where = door ? `the project '${door}'` : 'any project of this deployment';
  const hint = overflow
    ? ' The token lists its groups elsewhere, since they are too many: use an app role.'
    : '';
  return new ApiError(403, `The caller does not belong to ${where}.${hint}`, { code: 'no_project' });
}

/** Tells callers apart in logs and limits without writing down who they are. */
const nameOf = ({ tid, oid, sub, azp, appid }: JWTPayload): string =>
  createHash('sha256')
    .update(JSON.stringify([tid, oid ?? sub, azp ?? appid]))
    .digest('hex')
    .slice(0, 16);
