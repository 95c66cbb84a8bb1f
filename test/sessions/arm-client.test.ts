import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import type { ArmEmulator } from '../../local/arm/emulator.ts';
import { MINUTE } from '../../shared/clock.ts';
import { CONTAINER_GROUPS_API_VERSION } from '../../shared/sessions/arm-api.ts';
import { armContainerGroups } from '../../shared/sessions/arm-container-groups.ts';
import { type ContainerGroups, GroupError } from '../../shared/sessions/container-groups.ts';
import { armSettings, run, startTestEmulator, testSessions } from '../support/sessions.ts';

let emulator: ArmEmulator;
let groups: ContainerGroups;
before(async () => {
  emulator = await startTestEmulator({ warm: 1 });
  groups = armContainerGroups(armSettings(emulator.url));
});
after(() => emulator.stop());

const never = new AbortController().signal;
let count = 0;
const request = (changes = {}) => ({
  name: `group-${++count}`,
  threadId: 'thread_1',
  token: 'a-secret-token',
  deadline: Date.now() + 10 * MINUTE,
  ...changes,
});
const groupError = (code: GroupError['code'], pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof GroupError, String(error));
  assert.equal(error.code, code, error.message);
  assert.match(error.message, pattern);
  return true;
};
const lastPut = () => emulator.requests.findLast(({ method }) => method === 'PUT');

describe('a container group', () => {
  test('is asked for as Azure wants it, with its secrets as secure values', async () => {
    const wanted = request({ deadline: 1_800_000_000_000 });
    const inNetwork = armContainerGroups(
      armSettings(emulator.url, {
        subnetId: '/subscriptions/s/subnets/sessions',
        registryServer: 'r.azurecr.io',
        registryIdentityId: '/subscriptions/s/identities/pull',
        cpu: 2,
        memoryGb: 4,
      }),
    );
    await inNetwork.create(wanted, never);
    const put = lastPut();
    assert.equal(
      put?.path,
      `/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/sessions/providers/Microsoft.ContainerInstance/containerGroups/${wanted.name}`,
    );
    const resources = { cpu: 2, memoryInGB: 4 };
    assert.deepEqual(put?.body, {
      location: 'local',
      tags: { hourglass: 'test', 'hourglass-thread': 'thread_1', 'hourglass-deadline': '1800000000' },
      identity: { type: 'UserAssigned', userAssignedIdentities: { '/subscriptions/s/identities/pull': {} } },
      properties: {
        osType: 'Linux',
        restartPolicy: 'Never',
        ipAddress: { type: 'Private', ports: [{ port: 8080, protocol: 'TCP' }] },
        subnetIds: [{ id: '/subscriptions/s/subnets/sessions' }],
        imageRegistryCredentials: [{ server: 'r.azurecr.io', identity: '/subscriptions/s/identities/pull' }],
        // The platform pulls with it; code in the group gets no token for it.
        identityAcls: {
          defaultAccess: 'System',
          acls: [{ access: 'System', identity: '/subscriptions/s/identities/pull' }],
        },
        containers: [
          {
            name: 'session',
            properties: {
              image: 'hourglass-session',
              ports: [{ port: 8080, protocol: 'TCP' }],
              resources: { requests: resources, limits: resources },
              environmentVariables: [
                { name: 'AGENT_TOKEN', secureValue: 'a-secret-token' },
                { name: 'AGENT_DEADLINE', secureValue: '1800000000' },
                { name: 'AGENT_MEMORY_BYTES', value: String(3.75 * 1024 ** 3) },
              ],
            },
          },
        ],
      },
    });
    await groups.delete(wanted.name);
  });

  test('is accepted without waiting for it, seen while it starts, and listed with its deadline', async () => {
    emulator.fail({ kind: 'slow', delayMs: 60_000 });
    const wanted = request({ deadline: 1_800_000_000_000 });
    await groups.create(wanted, never);
    const view = await groups.get(wanted.name);
    assert.deepEqual(
      [view?.state, view?.address, view?.deadline],
      ['creating', undefined, 1_800_000_000_000],
    );
    const others = armContainerGroups(armSettings(emulator.url, { installation: 'other' }));
    const namesOf = async (list: ContainerGroups) => {
      const names: string[] = [];
      for await (const { name } of list.list()) names.push(name);
      return names;
    };
    assert.deepEqual(await namesOf(groups), [wanted.name]);
    assert.deepEqual(await namesOf(others), [], 'another installation’s groups are not ours');
    await groups.delete(wanted.name);
    assert.equal(await groups.get(wanted.name), undefined);
  });

  test('that is not there is deleted already', async () => {
    await groups.delete('never-existed');
    assert.equal(emulator.requests.at(-1)?.status, 204);
  });

  test('that Azure failed to provision says so', async () => {
    emulator.fail({ kind: 'provisioning-failed' });
    const wanted = request();
    await groups.create(wanted, never);
    assert.equal((await groups.get(wanted.name))?.state, 'failed');
    await groups.delete(wanted.name);
  });
});

describe('a refusal', () => {
  test('for lack of quota or capacity, or for haste, means to wait', async () => {
    emulator.fail({ kind: 'quota' });
    await assert.rejects(
      groups.create(request(), never),
      groupError('busy', /quota 'ContainerGroups' exceeded/),
    );
    emulator.fail({ kind: 'capacity' });
    await assert.rejects(
      groups.create(request(), never),
      groupError('busy', /not available in the location/),
    );
    emulator.fail({ kind: 'throttled', retryAfterSeconds: 17 });
    await assert.rejects(groups.create(request(), never), (error: unknown) => {
      groupError('busy', /TooManyRequests/)(error);
      return (error as GroupError).retryAfterMs === 17_000;
    });
  });

  test('by nobody at all means to wait too', async () => {
    const nowhere = armContainerGroups(armSettings('http://127.0.0.1:1'));
    await assert.rejects(nowhere.get('any'), groupError('busy', /ECONNREFUSED/));
  });

  test('of what was asked is final', async () => {
    const wrong = armContainerGroups(armSettings(emulator.url, { cpu: -1 }));
    await assert.rejects(wrong.create(request(), never), groupError('refused', /InvalidRequestContent/));
  });

  test('is not waited for when the caller leaves', async () => {
    const controller = new AbortController();
    controller.abort(new Error('cancelled'));
    await assert.rejects(groups.create(request(), controller.signal), /cancelled/);
  });
});

test('plain http is for this machine only', async () => {
  for (const endpoint of [
    'http://10.0.0.4:80',
    'http://management.azure.com',
    'http://127.0.0.1.example.com',
  ]) {
    await assert.rejects(
      armContainerGroups(armSettings(endpoint)).get('any'),
      groupError('refused', /plain http is for this machine only/),
    );
  }
});

describe('a standby pool', () => {
  const pool = {
    poolId:
      '/subscriptions/s/resourceGroups/r/providers/Microsoft.StandbyPool/standbyContainerGroupPools/warm',
    profile:
      '/subscriptions/s/resourceGroups/r/providers/Microsoft.ContainerInstance/containerGroupProfiles/p@3',
  };

  test('gives a warm group: pool, profile and secrets reach Azure although the SDK does not know them', async () => {
    await emulator.warmed();
    const claims = testSessions({
      groups: armContainerGroups(armSettings(emulator.url, { standbyPool: pool })),
    });
    const lease = await claims.sessions.acquire('thread_pool', never);
    assert.equal(
      (await run(lease.session, '6 * 7')).logs,
      '42',
      'the agent took its token from the config map',
    );

    const record = claims.store.rows.get('thread_pool')?.record;
    const put = lastPut();
    assert.equal(put?.apiVersion, CONTAINER_GROUPS_API_VERSION);
    // https://github.com/Azure/azure-rest-api-specs, 2025-09-01/ContainerGroupCreateOrUpdateStandbyPool.json
    assert.deepEqual((put?.body as { properties: unknown } | undefined)?.properties, {
      standbyPoolProfile: { id: pool.poolId },
      containerGroupProfile: { id: pool.profile.slice(0, -2), revision: 3 },
      containers: [
        {
          name: 'session',
          properties: {
            configMap: {
              keyValuePairs: {
                token: record?.token,
                deadline: String(Math.floor((record?.deadline ?? 0) / 1000)),
              },
            },
          },
        },
      ],
    });
    const group = emulator.groups.get(record?.group ?? '');
    assert.equal(group?.fromStandbyPool, true);
    await claims.sessions.remove('thread_pool');
  });

  test('that is empty gives a fresh group', async () => {
    const empty = await startTestEmulator({ warm: 0 });
    try {
      const claims = testSessions({
        groups: armContainerGroups(armSettings(empty.url, { standbyPool: pool })),
      });
      const lease = await claims.sessions.acquire('thread_pool', never);
      assert.equal((await run(lease.session, '6 * 7')).logs, '42');
      assert.deepEqual(
        [...empty.groups.values()].map(({ fromStandbyPool }) => fromStandbyPool),
        [false],
      );
    } finally {
      await empty.stop();
    }
  });
});
