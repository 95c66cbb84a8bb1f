/**
 * Attacks on the image, for `npm run image:check`: model-written code in a container of it, while another
 * container works. What the container's surroundings must hold (memory of all processes, network) is left to
 * them; escape*.test.ts try the local sandbox.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { ImageSettings } from '../../infra/image-check/dockerfile.ts';
import { MEBIBYTE } from '../../local/arm/bubblewrap.ts';
import { assertAllFailed, attempts, forkBomb } from '../support/attack.ts';
import { ImageSession } from '../support/image-session.ts';
import { kernelDoors, socketDoors } from '../support/kernel-doors.ts';
import { type Outcome, run } from '../support/sessions.ts';

type Attack = (
  attack: (code: string, timeoutMs?: number) => Promise<Outcome>,
  token: string,
) => Promise<void>;

const write = (path: string) => `open(${JSON.stringify(path)}, "w").write("x")`;

const attacks: Record<string, Attack> = {
  'the network is not there': async (attack) => {
    const targets = {
      metadata: 'socket.create_connection(("169.254.169.254", 80), timeout=3)',
      internet: 'socket.create_connection(("1.1.1.1", 443), timeout=3)',
      name: 'socket.getaddrinfo("example.com", 443)',
      agent: 'socket.socket(socket.AF_UNIX).connect("/run/outside/agent.sock")',
    };
    assertAllFailed(await attack(attempts(targets)), targets);
  },
  'the token is nowhere': async (attack, token) => {
    const hash = createHash('sha256').update(token).digest('hex');
    const { logs } = await attack(`
import glob, hashlib, os, re
names = [*glob.glob("/proc/*/environ"), *glob.glob("/proc/*/cmdline")]
for top in ("/mnt", "/run", "/tmp", "/etc", "/opt", "/var"):
    names += [os.path.join(folder, name) for folder, _, files in os.walk(top) for name in files]
hits = 0
for name in names:
    try: content = open(name, "rb").read(4_000_000)
    except OSError: continue
    hits += sum(hashlib.sha256(word).hexdigest() == ${JSON.stringify(hash)} for word in re.findall(rb"[A-Za-z0-9_-]{32}", content))
print(hits, [k for k in os.environ if re.search("AGENT|TOKEN|KEY|SECRET", k)])
`);
    assert.equal(logs, '0 []\n');
  },
  'the agent is out of reach': async (attack) => {
    const targets = {
      environment: 'open(f"/proc/{os.getppid()}/environ").read()',
      memory: 'open(f"/proc/{os.getppid()}/mem", "rb").read(1)',
      files: 'os.listdir(f"/proc/{os.getppid()}/fd")',
      tracing: '1 / (libc.ptrace(16, os.getppid(), 0, 0) + 1)',
      stop: 'os.kill(os.getppid(), signal.SIGSTOP)',
      end: 'os.kill(os.getppid(), signal.SIGKILL)',
      'process 1': 'os.kill(1, signal.SIGKILL)',
    };
    assertAllFailed(await attack(attempts(targets)), targets);
  },
  'the system is read-only for code': async (attack) => {
    const paths = [
      '/x',
      '/etc/x',
      '/etc/passwd',
      '/usr/bin/x',
      '/opt/hourglass/agent/app.py',
      '/mnt/x',
      '/var/x',
      '/run/x',
    ];
    const targets = Object.fromEntries(paths.map((path) => [path, write(path)]));
    assertAllFailed(await attack(attempts(targets)), targets);
  },
  'nothing lends privileges': async (attack) => {
    const targets = {
      'another user': 'os.setuid(0)',
      'another group': 'os.setgid(0)',
      'the program that changes users':
        'subprocess.run(["/usr/libexec/hourglass/run-as", "--reuid=0", "true"], check=True)',
      su: 'subprocess.run(["su", "-c", "true"], check=True, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)',
      mount: '1 / (libc.mount(b"none", b"/mnt/data", b"tmpfs", 0, None) + 1)',
      root: 'os.chroot("/mnt/data")',
      device: 'os.mknod("/mnt/data/disk", 0o60600, os.makedev(8, 0))',
      packets: 'socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)',
      limits: 'resource.setrlimit(resource.RLIMIT_NPROC, (10**6, 10**6))',
    };
    assertAllFailed(await attack(attempts(targets)), targets);
  },
  'the kernel’s doors are shut': async (attack) => {
    const status = await attack('print([l for l in open("/proc/self/status") if l.startswith("Seccomp:")])');
    assert.equal(status.logs, "['Seccomp:\\t2\\n']\n");
    const targets = { ...kernelDoors, ...socketDoors };
    assertAllFailed(await attack(attempts(targets)), targets);
  },
  'a fork bomb is stopped by its number': async (attack) => {
    const { logs } = await attack(forkBomb);
    assert.equal(logs, 'Resource temporarily unavailable True\n');
  },
  'a memory bomb ends in a MemoryError': async (attack) => {
    assert.match((await attack('x = bytearray(8 << 30)')).logs, /MemoryError/);
  },
  'a disk bomb ends at the limit': async (attack) => {
    const fill =
      'import itertools\nfor n in itertools.count():\n    with open(f"{n}", "wb") as f: f.write(bytes(4 << 20))';
    assert.match((await attack(fill)).logs, /DiskFull/);
    await attack('import os\nfor n in os.listdir("."): os.remove(n)');
  },
  'a flood of output is cut': async (attack) => {
    assert.match((await attack('for _ in range(1024): print("x" * (1 << 20))')).logs, /output cut at/);
  },
  'a loop that ignores interrupts ends with its kernel': async (attack) => {
    const { restarted } = await attack(
      'import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass',
      500,
    );
    assert.equal(restarted, 'timeout');
  },
};

/** @returns how many attacks were not contained */
export default async function attackImage(root: string, image: ImageSettings): Promise<number> {
  const limits = {
    AGENT_MEMORY_BYTES: String(1024 * MEBIBYTE),
    AGENT_PROCESSES: '64',
    AGENT_DATA_BYTES: String(64 * MEBIBYTE),
    AGENT_FILE_BYTES: String(64 * MEBIBYTE),
  };
  await using attacker = await ImageSession.start(root, image, limits);
  await using bystander = await ImageSession.start(root, image, limits);
  let failures = 0;
  for (const [name, attempt] of Object.entries(attacks)) {
    try {
      await attempt(async (code, timeoutMs = 20_000) => {
        const working = run(bystander.session, 'print(sum(range(10**6)))');
        const [outcome, meanwhile] = await Promise.all([run(attacker.session, code, { timeoutMs }), working]);
        assert.equal(meanwhile.logs, '499999500000\n');
        return outcome;
      }, attacker.token);
      process.stdout.write(`ok: ${name}\n`);
    } catch (error) {
      failures += 1;
      process.stdout.write(
        `NOT CONTAINED: ${name}\n${error instanceof Error ? error.stack : String(error)}\n`,
      );
    }
  }
  return failures;
}
