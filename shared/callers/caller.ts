import { ApiError } from '../api/error.ts';

/** Weakest first: a reader reads, a user does all that the API has, an admin also what concerns a whole project. */
export const roles = ['reader', 'user', 'admin'] as const;
export type Role = (typeof roles)[number];

/** Whose request it is, and who made it. */
export interface Caller {
  readonly project: string;
  /** Short name of the key, or of the identity, for logs and limits; says nothing about the key itself. */
  readonly key: string;
  readonly role: Role;
}

export const isRole = (name: string): name is Role => (roles as readonly string[]).includes(name);
export const isAtLeast = (role: Role, needed: Role): boolean => roles.indexOf(role) >= roles.indexOf(needed);

export const PROJECT_NAME = /^[A-Za-z0-9_-]{1,64}$/;

/** @throws {ApiError} 403 where the caller's role does not allow it */
export function requireRole(caller: Caller, needed: Role): void {
  if (isAtLeast(caller.role, needed)) return;
  throw new ApiError(
    403,
    `This caller has the role '${caller.role}' in the project '${caller.project}'; the operation needs '${needed}'.`,
    { code: 'insufficient_role' },
  );
}

/** Whether a bearer credential is a signed token rather than a key: three parts, the first of which is JSON. */
export const isToken = (credential: string): boolean => /^eyJ[\w-]*\.[\w-]+\.[\w-]*$/.test(credential);
