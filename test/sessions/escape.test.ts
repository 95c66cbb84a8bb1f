/** Code that wants to see or touch what is not its own. What it may use up is in escape-limits.test.ts. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { after, before, describe, test } from 'node:test';

import { pythonRuntime } from '../../local/arm/python-runtime.ts';
import { findPython } from '../../local/setup/find-python.mjs';
import { SessionError } from '../../shared/sessions/session.ts';
import { Arena, assertAllFailed, attempts, outcomesOf, separateUsers } from '../support/attack.ts';
import { kernelDoors, socketDoors } from '../support/kernel-doors.ts';
import { run } from '../support/sessions.ts';

let arena: Arena;
before(async () => {
  arena = await Arena.open({ processes: 64 });
});
after(() => arena[Symbol.asyncDispose]());

const PROJECT = process.cwd();

describe('the network', () => {
  test('is not there: neither this machine’s services nor Azure’s metadata nor names', async () => {
    // Stands for the API, Azurite and whatever else listens on this machine: nobody may get through to it.
    let connections = 0;
    const service = createServer((socket) => {
      connections += 1;
      socket.destroy();
    }).listen(0, '127.0.0.1');
    const abstract = createServer((socket) => {
      connections += 1;
      socket.destroy();
    }).listen(`\0hourglass-test-${process.pid}`);
    await Promise.all([once(service, 'listening'), once(abstract, 'listening')]);
    const address = service.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const arm = new URL(arena.emulator.url).port;
    const other = [...arena.emulator.groups.values()].map(({ ip }) => ip).find((ip) => ip !== undefined);
    const connect = (host: string, to: string | number | undefined) =>
      `socket.create_connection((${JSON.stringify(host)}, ${to}), timeout=3)`;
    const targets = {
      'a service of this machine': connect('127.0.0.1', port),
      'a service of this machine by name': connect('localhost', port),
      'the ARM emulator': connect('127.0.0.1', arm),
      'another session': connect(other ?? '', 8080),
      'its own address': connect('127.0.0.1', 8080),
      Azurite: connect('127.0.0.1', 10000),
      'the metadata service': connect('169.254.169.254', 80),
      'the managed identity':
        'urllib.request.urlopen("http://169.254.169.254/metadata/identity/oauth2/token", timeout=3)',
      'the internet': connect('1.1.1.1', 443),
      'a name': 'socket.getaddrinfo("example.com", 443)',
      'an abstract socket': `socket.socket(socket.AF_UNIX).connect("\\0hourglass-test-${process.pid}")`,
      ...(separateUsers
        ? { 'the agent’s own socket': 'socket.socket(socket.AF_UNIX).connect("/run/hourglass/agent.sock")' }
        : {}),
      'raw packets': 'socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)',
      'another interface': '[n for _, n in socket.if_nameindex() if n != "lo"][0]',
    };
    try {
      assertAllFailed(await arena.attack(attempts(targets)), targets);
      assert.equal(connections, 0);
    } finally {
      service.close();
      abstract.close();
    }
  });
});

describe('sockets', () => {
  test('are of the families that a sandbox has for itself, and of no other', async () => {
    assertAllFailed(await arena.attack(attempts(socketDoors)), socketDoors);
    const own = await arena.attack(
      'import socket\nfor f in (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6): socket.socket(f).close()\na, b = socket.socketpair()\na.send(b"x")\nprint(b.recv(1), socket.if_nameindex())',
    );
    assert.equal(own.logs, "b'x' [(1, 'lo')]\n");
  });
});

describe('what there is to read', () => {
  test('is the system, Python, the agent’s program and the session’s own folders: nothing of this machine', async () => {
    const outcome = await arena.attack(
      attempts({
        top: 'sorted(os.listdir("/"))',
        etc: 'sorted(os.listdir("/etc"))',
        data: 'sorted(os.listdir("/mnt/data"))',
        project: `os.path.exists(${JSON.stringify(PROJECT)})`,
        homes:
          '[p for p in ("/home", "/root", "/var", "/srv", "/media", "/boot", "/sys") if os.path.exists(p)]',
        accounts:
          '[p for p in ("/etc/passwd", "/etc/shadow", "/etc/hosts", "/etc/resolv.conf", "/etc/hostname") if os.path.exists(p)]',
        host: 'os.uname().nodename',
        temporary: '[f for f in glob.glob("/tmp/**", recursive=True) if "secret" in f]',
      }),
    );
    const seen = outcomesOf(outcome);
    const top = ['bin', 'dev', 'etc', 'lib', 'lib64', 'mnt', 'opt', 'proc', 'run', 'sbin', 'tmp', 'usr'];
    const listed = JSON.parse(seen.top?.replaceAll("'", '"') ?? '[]') as string[];
    // A Python that lies elsewhere than Debian's brings its own folders.
    const python = pythonRuntime(findPython() ?? '').folders.map((folder) => folder.split('/')[1] ?? '');
    assert.deepEqual(
      listed.filter((name) => !top.includes(name)),
      [...new Set(python)].filter((name) => !top.includes(name)).sort(),
    );
    assert.deepEqual(
      [seen.data, seen.project, seen.accounts, seen.host, seen.temporary],
      ['[]', 'False', '[]', "'session'", '[]'],
    );
  });

  test('holds no credential: not in the environment, the arguments, the files', async () => {
    const token = arena.parts.store.rows.get('thread_attacker')?.record.token ?? '';
    assert.equal(token.length, 43);
    const hash = createHash('sha256').update(token).digest('hex');
    const search = `
import glob, hashlib, os, re
wanted = ${JSON.stringify(hash)}
names = [*glob.glob("/proc/*/environ"), *glob.glob("/proc/*/cmdline"), *glob.glob("/proc/*/task/*/environ")]
for top in ("/mnt", "/run", "/tmp", "/etc", "/opt", "/dev/shm"):
    names += [os.path.join(folder, name) for folder, _, files in os.walk(top) for name in files]
read = hits = 0
for name in names:
    try: content = open(name, "rb").read(4_000_000)
    except OSError: continue
    read += 1
    for word in re.findall(rb"[A-Za-z0-9_-]{43}", content):
        hits += hashlib.sha256(word).hexdigest() == wanted
print(read > 3, hits)
print(sorted(k for k in os.environ if re.search("AGENT|TOKEN|KEY|SECRET|AZURE|STORAGE|OPENAI|PASSWORD", k)))
`;
    assert.equal((await arena.attack(search)).logs, 'True 0\n[]\n');
  });

  test('of other processes is their existence: not their memory, their files, their environment', async () => {
    const others = (file: string) =>
      `next(f for f in (open(f"/proc/{p}/${file}", "rb").read(1) for p in os.listdir("/proc") if p.isdigit() and int(p) in (1, os.getppid())))`;
    const targets = {
      'the agent’s environment': 'open(f"/proc/{os.getppid()}/environ").read()',
      'the agent’s memory': 'open(f"/proc/{os.getppid()}/mem", "rb").read(1)',
      'the agent’s files': 'os.listdir(f"/proc/{os.getppid()}/fd")',
      'the agent’s root': 'os.listdir(f"/proc/{os.getppid()}/root/")',
      'the memory of process 1': 'open("/proc/1/mem", "rb").read(1)',
      'any of both': others('mem'),
      'the kernel’s memory': 'open("/proc/kcore", "rb").read(1)',
      'its log': 'open("/dev/kmsg").read(1)',
      'a disk': 'open("/dev/sda", "rb").read(1)',
    };
    assertAllFailed(await arena.attack(attempts(targets)), targets);
    const counted = await arena.attack(
      'import os; print(len([p for p in os.listdir("/proc") if p.isdigit()]) < 10)',
    );
    assert.equal(counted.logs, 'True\n', 'processes of this machine are not to be seen');
  });

  test('of another session is nothing, neither variables nor files', async () => {
    const search = `
import os
hits = [f for top in ("/mnt", "/run", "/tmp", "/dev/shm", "/proc/1/root", "/proc/self/root/mnt")
        for d, _, fs in os.walk(top) for f in fs if f == "secret.txt"]
print(hits, "secret" in globals())
`;
    assert.equal((await arena.attack(search)).logs, '[] False\n');
  });
});

describe('power', () => {
  test('is not to be had: no namespaces, mounts, tracing, users, devices', async () => {
    const targets = {
      ...kernelDoors,
      'a mount': '1 / (libc.mount(b"none", b"/mnt/data", b"tmpfs", 0, None) + 1)',
      'another root': 'os.chroot("/mnt/data")',
      'tracing the agent': '1 / (libc.ptrace(16, os.getppid(), 0, 0) + 1)',
      'another user': 'os.setuid(0)',
      'another group': 'os.setgid(0)',
      'more groups': 'os.setgroups([0])',
      'a device': 'os.mknod("/mnt/data/disk", 0o60600, os.makedev(8, 0))',
      'the host’s name': 'socket.sethostname("x")',
      'a higher priority': 'os.nice(-10)',
      'higher limits': 'resource.setrlimit(resource.RLIMIT_NPROC, (10**6, 10**6))',
      'file owners': 'os.chown("/mnt/data", 0, 0)',
      'to be root by sudo': 'subprocess.run(["sudo", "-n", "true"], check=True)',
      'to be root by su':
        'subprocess.run(["su", "-c", "true"], check=True, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)',
      'a mount by its program':
        'subprocess.run(["mount", "-t", "tmpfs", "x", "/tmp"], check=True, stderr=subprocess.DEVNULL)',
    };
    assertAllFailed(await arena.attack(attempts(targets)), targets);
    const status = await arena.attack(
      'print([l.split()[1] for l in open("/proc/self/status") if l.split(":")[0] in ("CapInh", "CapPrm", "CapEff", "CapAmb", "NoNewPrivs")], os.getuid() != 0)',
    );
    assert.equal(
      status.logs,
      "['0000000000000000', '0000000000000000', '0000000000000000', '0000000000000000', '1'] True\n",
    );
  });

  test('over the agent is none: it can be neither ended nor stopped', {
    skip: separateUsers ? false : 'without root the kernel may stop its own agent',
  }, async () => {
    const before = (await arena.attacker()).kernel;
    const targets = {
      'process 1': 'os.kill(1, signal.SIGKILL)',
      'the agent': 'os.kill(os.getppid(), signal.SIGSTOP)',
    };
    assertAllFailed(await arena.attack(attempts(targets)), targets);
    assert.equal((await arena.attacker()).kernel, before);
  });

  test('over the agent, where there is some, costs the code its session and nobody else anything', async () => {
    const outcome = arena.attack('import os, signal\nos.kill(os.getppid(), signal.SIGKILL)');
    if (separateUsers) assert.match((await outcome).logs, /PermissionError/);
    else await assert.rejects(outcome, (error) => error instanceof SessionError && error.code === 'lost');
    assert.equal((await run(await arena.attacker(), '6 * 7')).logs, '42');
  });

  test('against itself costs it its variables, and it is told', async () => {
    const outcome = await arena.attack('import os, signal\nos.kill(os.getpid(), signal.SIGKILL)');
    assert.deepEqual([outcome.done.status, outcome.restarted], ['kernel_died', 'out_of_memory']);
  });

  test('over the agent’s answers is none: forged lines are text', async () => {
    const forged = `
import os
line = '{"n": 1, "type": "done", "status": "ok", "ms": 1, "files": [{"path": "../../etc/passwd", "bytes": 1, "mtime_ns": 1}], "deleted": []}\\n'
print(line, end="")
os.system("echo '" + line.strip() + "'")
for descriptor in range(3, 64):
    try: os.write(descriptor, line.encode())
    except OSError: pass
`;
    const session = await arena.attacker();
    const outcome = await run(session, forged, { timeoutMs: 1000 });
    assert.deepEqual(outcome.done.files, []);
    assert.equal((await run(await arena.attacker(), '6 * 7')).logs, '42');
  });
});
