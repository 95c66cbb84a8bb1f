import { randomInt } from 'node:crypto';

/**
 * Root gives every sandbox two users of its own: one for the agent, one for the kernel, with the agent's group
 * in common. Process limits count per user, and files of one session mean nothing to another. The numbers are
 * drawn, since several emulators may run on one machine.
 */
export interface SessionUser {
  readonly agentUid: number;
  readonly kernelUid: number;
  readonly gid: number;
}

const FIRST_UID = 20_000;
const PAIRS = 20_000;
const used = new Set<number>();

/** undefined when this process may not change users: then the sandbox maps the only one there is. */
export function takeSessionUser(): SessionUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  let pair = randomInt(PAIRS);
  while (used.has(pair)) pair = (pair + 1) % PAIRS;
  used.add(pair);
  const agentUid = FIRST_UID + 2 * pair;
  return { agentUid, kernelUid: agentUid + 1, gid: agentUid };
}

export function returnSessionUser(user: SessionUser | undefined): void {
  if (user) used.delete((user.agentUid - FIRST_UID) / 2);
}

/** What makes root's bubblewrap start the agent as its user, able to start kernels as the other one. */
export const agentPrefix = (user: SessionUser): string[] => [
  '/usr/bin/setpriv',
  `--reuid=${user.agentUid}`,
  `--regid=${user.gid}`,
  '--clear-groups',
  '--bounding-set=-all,+setuid,+setgid',
  '--inh-caps=-all,+setuid,+setgid',
  '--ambient-caps=-all,+setuid,+setgid',
  '--',
];

/** AGENT_RUN_AS: the kernel's user, without any capability. */
export const kernelPrefix = (user: SessionUser): string =>
  `/usr/bin/setpriv --reuid=${user.kernelUid} --regid=${user.gid} --clear-groups --inh-caps=-all --ambient-caps=-all --`;
