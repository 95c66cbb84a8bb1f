/** The emulator’s own side: the shapes of Azure Resource Manager, and that nothing of it outlives it. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { type ArmEmulator, startArmEmulator } from '../../local/arm/emulator.ts';
import { descendants } from '../../local/arm/process-tree.ts';
import { type NodeChild, startNodeChild } from '../../local/child-process.ts';
import { findPython } from '../../local/setup/find-python.mjs';
import { agentHealth } from '../../shared/sessions/agent-client.ts';
import { armContainerGroups } from '../../shared/sessions/arm-container-groups.ts';
import { armSettings, run, sessionsOn, startTestEmulator, testSessions } from '../support/sessions.ts';
import { until } from '../support/until.ts';

const main = fileURLToPath(new URL('../../local/arm/main.ts', import.meta.url));
const never = new AbortController().signal;
const isAlive = (pid: number) => existsSync(`/proc/${pid}`);

describe('its answers', () => {
  let emulator: ArmEmulator;
  before(async () => {
    emulator = await startTestEmulator({ warm: 0 });
  });
  after(() => emulator.stop());

  // Names, status codes and bodies: https://github.com/Azure/azure-rest-api-specs,
  // specification/containerinstance/…/stable/2025-09-01/containerInstance.json and its examples.
  const base = '/subscriptions/s/resourceGroups/r/providers/Microsoft.ContainerInstance/containerGroups';
  const call = async (method: string, path: string, body?: unknown) => {
    const answer = await fetch(emulator.url + path, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return {
      status: answer.status,
      headers: answer.headers,
      body: text === '' ? undefined : JSON.parse(text),
    };
  };
  const group = {
    location: 'westeurope',
    tags: { a: 'b' },
    properties: {
      osType: 'Linux',
      restartPolicy: 'Never',
      containers: [
        {
          name: 'session',
          properties: {
            image: 'i',
            resources: { requests: { cpu: 1, memoryInGB: 2 } },
            environmentVariables: [
              { name: 'AGENT_TOKEN', secureValue: 'secret' },
              { name: 'AGENT_DEADLINE', secureValue: '4000000000' },
              { name: 'OPEN', value: 'shown' },
            ],
          },
        },
      ],
    },
  };
  const version = '?api-version=2023-05-01';

  test('a creation is accepted with 201 and followed by its operation, as the SDK follows it', async () => {
    const created = await call('PUT', `${base}/g1${version}`, group);
    assert.equal(created.status, 201);
    assert.equal(created.body.properties.provisioningState, 'Creating');
    const operation = created.headers.get('azure-asyncoperation') ?? '';
    assert.match(
      operation,
      /\/providers\/Microsoft\.ContainerInstance\/locations\/westeurope\/operations\/[^/]+\?api-version=2023-05-01$/,
    );
    let polled = (await (await fetch(operation)).json()) as { status: string };
    assert.match(polled.status, /^(InProgress|Succeeded)$/);
    await until(async () => {
      polled = (await (await fetch(operation)).json()) as { status: string };
      return polled.status === 'Succeeded';
    }, 'the operation succeeds');
    const shown = await call('GET', `${base}/g1${version}`);
    const { properties, ...rest } = shown.body;
    assert.deepEqual(rest, {
      id: `${base}/g1`,
      name: 'g1',
      type: 'Microsoft.ContainerInstance/containerGroups',
      location: 'westeurope',
      tags: { a: 'b' },
    });
    assert.equal(properties.provisioningState, 'Succeeded');
    assert.equal(properties.instanceView.state, 'Running');
    assert.match(properties.ipAddress.ip, /^127\./);
    assert.deepEqual(
      properties.containers[0].properties.environmentVariables,
      [{ name: 'AGENT_TOKEN' }, { name: 'AGENT_DEADLINE' }, { name: 'OPEN', value: 'shown' }],
      'a secure value is not shown again',
    );
    const boot = async () => {
      const { properties } = (await call('GET', `${base}/g1${version}`)).body;
      return (await agentHealth(`http://${properties.ipAddress.ip}:8080`)).boot_id;
    };
    const first = await boot();
    const again = await call('PUT', `${base}/g1${version}`, group);
    assert.equal(again.status, 200, 'the same again is an update');
    await until(async () => {
      const { properties } = (await call('GET', `${base}/g1${version}`)).body;
      return properties.provisioningState === 'Succeeded';
    }, 'the update succeeds');
    assert.notEqual(await boot(), first, 'which restarts the group, as in Azure');
    assert.deepEqual(
      (await call('GET', base + version)).body.value.map((each: { name: string }) => each.name),
      ['g1'],
    );
    assert.equal((await call('DELETE', `${base}/g1${version}`)).status, 200);
    assert.equal((await call('DELETE', `${base}/g1${version}`)).status, 204);
  });

  test('refusals have Azure’s shape', async () => {
    const missing = await call('GET', `${base}/nobody${version}`);
    assert.equal(missing.status, 404);
    assert.equal(missing.body.error.code, 'ResourceNotFound');
    assert.equal((await call('GET', `${base}/nobody`)).body.error.code, 'MissingApiVersionParameter');
    assert.equal((await call('GET', `/elsewhere${version}`)).status, 404);
    assert.equal((await call('POST', `${base}/g1${version}`)).status, 405);
    const wrong: unknown[] = [
      undefined,
      {},
      { ...group, location: undefined },
      { ...group, properties: { ...group.properties, containers: [] } },
      { ...group, properties: { ...group.properties, containers: [{ name: 'session', properties: {} }] } },
    ];
    for (const body of wrong) {
      const refused = await call('PUT', `${base}/g2${version}`, body);
      assert.equal(refused.status, 400, JSON.stringify(body));
      assert.equal(refused.body.error.code, 'InvalidRequestContent');
    }
    emulator.fail({ kind: 'quota' });
    const quota = await call('PUT', `${base}/g3${version}`, group);
    assert.deepEqual([quota.status, quota.body.error.code], [409, 'ContainerGroupQuotaReached']);
    assert.equal(emulator.groups.size, 0);
  });
});

describe('its end', () => {
  test('stopping it ends every sandbox, claimed or warm, and removes what they wrote', async () => {
    const emulator = await startTestEmulator({ warm: 1 });
    const { sessions, store } = sessionsOn(emulator);
    const { session } = await sessions.acquire('thread_1', never);
    await run(session, 'open("file", "w").write("x")');
    await emulator.warmed();
    const claimed = emulator.groups.get(store.rows.get('thread_1')?.record.group ?? '')?.sandbox;
    const tree = descendants(process.pid);
    assert.ok(claimed && tree.includes(claimed.pid) && tree.length >= 6, `${tree.length} processes`);
    await emulator.stop();
    await until(() => tree.every((pid) => !isAlive(pid)), 'all of them end');
    assert.equal(existsSync(claimed.folder), false);
  });

  test('code that makes its folder hard to remove does not end the process around it', async () => {
    const emulator = await startTestEmulator({ warm: 0 });
    const { sessions, store } = sessionsOn(emulator);
    const { session } = await sessions.acquire('thread_1', never);
    const code = `
import os
os.mkdir('closed'); open('closed/file', 'w').close(); os.chmod('closed', 0o555)
for _ in range(60):
    os.mkdir('d' * 100); os.chdir('d' * 100)
`;
    assert.equal((await run(session, code)).done.status, 'ok');
    const group = emulator.groups.get(store.rows.get('thread_1')?.record.group ?? '');
    assert.ok(group?.sandbox);
    await sessions.remove('thread_1');
    await group.sandbox.exited;
    assert.equal(existsSync(group.sandbox.folder), false);
    await emulator.stop();
  });

  test('killing it kills its sandboxes, and the next one cleans up after it', async () => {
    const temporary = mkdtempSync(join(tmpdir(), 'hg-test-'));
    const environment = { TMPDIR: temporary };
    try {
      const first = await startProgram(environment);
      const { sessions } = testSessions({ groups: armContainerGroups(armSettings(first.url)) });
      await sessions.acquire('thread_1', never);
      const tree = descendants(first.child.pid);
      assert.ok(tree.length >= 3);
      await first.child.kill();
      await until(() => tree.every((pid) => !isAlive(pid)), 'the sandboxes end with it');
      const left = leftovers(temporary);
      assert.equal(left.length, 1);
      const second = await startProgram(environment);
      assert.equal(
        leftovers(temporary).some((name) => left.includes(name)),
        false,
      );
      await second.child.stop();
      assert.deepEqual(leftovers(temporary), [], 'an orderly end leaves nothing');
    } finally {
      rmSync(temporary, { recursive: true, force: true });
    }
  });

  test('that cannot have its port leaves nothing', async () => {
    const temporary = mkdtempSync(join(tmpdir(), 'hg-test-'));
    const other = await startProgram({});
    try {
      const { port } = new URL(other.url);
      const { child, stderr } = program({ TMPDIR: temporary, SESSION_WARM: '1', ARM_PORT: port });
      assert.equal(await child.exited, 1);
      assert.match(stderr(), /EADDRINUSE/);
      assert.deepEqual(leftovers(temporary), []);
    } finally {
      await other.child.stop();
      rmSync(temporary, { recursive: true, force: true });
    }
  });
});

const leftovers = (folder: string) => readdirSync(folder).filter((name) => name.startsWith('hourglass-'));

describe('isolation', () => {
  test('that is missing is refused, with the command that brings it', async () => {
    const { child, stderr } = program({ PATH: '/nonexistent' });
    assert.notEqual(await child.exited, 0);
    assert.match(stderr(), /bubblewrap, which is not installed.*apt-get install bubblewrap/);
  });

  test('can be done without when asked for in so many words, and says so loudly', async () => {
    const { url, child, stderr } = await startProgram({ SESSION_ISOLATION: 'none' });
    assert.match(stderr(), /WITHOUT A SANDBOX/);
    const { sessions } = testSessions({ groups: armContainerGroups(armSettings(url)) });
    const { session } = await sessions.acquire('thread_1', never);
    const { logs } = await run(session, 'import os; print(os.getppid() > 10)');
    assert.equal(logs, 'True\n', 'it sees this machine’s processes');
    const tree = descendants(child.pid);
    await child.stop();
    await until(() => tree.every((pid) => !isAlive(pid)), 'it ends all the same');
  });

  test('is not claimed where there is none', async () => {
    await assert.rejects(startArmEmulator({ python: '/nonexistent/python3' }), /ENOENT/);
  });
});

interface Program {
  readonly child: NodeChild;
  readonly stdout: () => string;
  readonly stderr: () => string;
}

/** The emulator as `npm start` may run it: a program of its own. */
function program(environment: Record<string, string>): Program {
  let stdout = '';
  let stderr = '';
  const child = startNodeChild({
    args: [main],
    env: { PATH: process.env.PATH, SESSION_PYTHON: findPython(), SESSION_WARM: '0', ...environment },
    onStdout: (text) => {
      stdout += text;
    },
    onStderr: (text) => {
      stderr += text;
    },
  });
  return { child, stdout: () => stdout, stderr: () => stderr };
}

async function startProgram(environment: Record<string, string>): Promise<Program & { url: string }> {
  const started = program(environment);
  let ended = false;
  void started.child.exited.then(() => {
    ended = true;
  });
  await until(() => ended || started.stdout().includes('\n'), 'it starts');
  assert.equal(ended, false, started.stderr());
  return { ...started, url: (JSON.parse(started.stdout()) as { url: string }).url };
}
