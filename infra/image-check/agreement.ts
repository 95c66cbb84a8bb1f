import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { AGENT_PORT } from '../../shared/sessions/container-group-body.ts';
import type { ImageSettings } from './dockerfile.ts';

interface Entry {
  readonly uid: number;
  readonly gid: number;
}

/**
 * What the Dockerfile says in several places, what the backend expects, and what is really in the root file
 * system, compared. @returns one sentence for each disagreement
 */
export function disagreements(root: string, image: ImageSettings, protocol: string): string[] {
  const found: string[] = [];
  const expect = (holds: boolean, sentence: string) => {
    if (!holds) found.push(sentence);
  };
  const users = accounts(root, 'etc/passwd');
  const groups = accounts(root, 'etc/group');
  const agent = users.get(image.user);
  const kernel = users.get('kernel');
  const session = groups.get('session')?.uid;

  expect(agent !== undefined && agent.uid !== 0, `USER ${image.user} is not an ordinary user of the image`);
  expect(kernel !== undefined && kernel.uid !== agent?.uid, 'there is no user "kernel" beside the agent');
  expect(kernel?.gid === session, 'the group of the user "kernel" is not "session"');
  const members = groupMembers(root, 'session');
  expect(members.includes(image.user), `${image.user} is not a member of the group "session"`);

  const [program, ...words] = (image.env.AGENT_RUN_AS ?? '').split(' ');
  expect(words.includes(`--reuid=${kernel?.uid}`), 'AGENT_RUN_AS does not change to the user "kernel"');
  expect(words.includes(`--regid=${session}`), 'AGENT_RUN_AS does not change to the group "session"');
  expect(
    words.includes('--seccomp-filter=/usr/libexec/hourglass/seccomp.bpf'),
    'AGENT_RUN_AS puts no filter of system calls over kernels',
  );
  expect(words.includes('--no-new-privs'), 'AGENT_RUN_AS lets kernels gain privileges');
  const runAs = look(root, program ?? '');
  expect(runAs?.mode === 0o750 && runAs.uid === 0, `${program} is not root's with mode 0750`);
  expect(runAs?.gid === agent?.gid, `${program} does not belong to the agent's group`);

  for (const name of ['AGENT_DATA_DIR', 'AGENT_RUNTIME_DIR']) {
    const folder = look(root, image.env[name] ?? '');
    const fits = folder?.mode === 0o2770 && folder.uid === agent?.uid && folder.gid === session;
    expect(fits, `${name}=${image.env[name]} is not a folder of ${image.user}:session with mode 2770`);
  }
  expect(
    look(root, `${image.workdir}/agent/__main__.py`) !== undefined,
    `${image.workdir} does not hold the agent`,
  );
  expect(
    look(root, image.entrypoint[0] ?? '') !== undefined,
    `ENTRYPOINT ${image.entrypoint[0]} does not exist`,
  );
  expect(image.port === AGENT_PORT, `EXPOSE ${image.port}, but the backend calls port ${AGENT_PORT}`);
  expect(image.env.AGENT_LISTEN === `0.0.0.0:${image.port}`, `AGENT_LISTEN does not say port ${image.port}`);
  expect(image.health.join(' ').includes(`:${image.port}/healthz`), 'HEALTHCHECK asks another port or path');
  for (const name of Object.keys(image.env).filter((name) => name.startsWith('AGENT_'))) {
    expect(protocol.includes(`\`${name}\``), `${name} is not in docs/session-protocol.md`);
  }
  return found;
}

/** name → second and third number of the line: uid and gid of a user; of a group only the first. */
function accounts(root: string, file: string): Map<string, Entry> {
  const lines = readFileSync(join(root, file), 'utf8').split('\n').filter(Boolean);
  return new Map(
    lines.map((line) => {
      const [name = '', , uid, gid] = line.split(':');
      return [name, { uid: Number(uid), gid: Number(gid) }];
    }),
  );
}

function groupMembers(root: string, group: string): string[] {
  const line = readFileSync(join(root, 'etc/group'), 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`${group}:`));
  return line?.split(':')[3]?.split(',') ?? [];
}

function look(root: string, path: string): { mode: number; uid: number; gid: number } | undefined {
  const status = path.startsWith('/') ? statSync(join(root, path), { throwIfNoEntry: false }) : undefined;
  return status && { mode: status.mode & 0o7777, uid: status.uid, gid: status.gid };
}
