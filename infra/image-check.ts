/**
 * `npm run image:check`: builds what session/Dockerfile describes as a plain root file system, without a
 * container engine, and tests it inside as the image's users. Needs root, debootstrap, and Debian's packages.
 *
 * IMAGE_CACHE_DIR: where it builds (default: ~/.cache/hourglass-image; about 3 GB), and leaves hourglass-session.cdx.json.
 * EXTRA_DEBIAN_PACKAGES, EXTRA_PIP_PACKAGES, WHEELS: the build arguments of the same names. Where this machine reaches
 * no Python package index, WHEELS is "no", and the check says what it therefore leaves out.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { disagreements } from './image-check/agreement.ts';
import { billOfImage, DPKG_FORMAT } from './image-check/bill-of-materials.ts';
import { buildRoot } from './image-check/build-root.ts';
import { imageSettings, parseDockerfile } from './image-check/dockerfile.ts';
import { enterRoot } from './image-check/enter-root.ts';

const project = fileURLToPath(new URL('..', import.meta.url));
const context = join(project, 'session');
/** Where others put attacks on the image: `export default (root, settings) => Promise<number of failures>`. */
const escapeSuite = join(project, 'test/sessions/escape-image.ts');

const say = (text: string) => process.stdout.write(`${text}\n`);

async function check(): Promise<number> {
  const cache = process.env.IMAGE_CACHE_DIR ?? join(homedir(), '.cache/hourglass-image');
  const instructions = parseDockerfile(readFileSync(join(context, 'Dockerfile'), 'utf8'));
  const settings = imageSettings(instructions);
  const extra = Object.fromEntries(
    ['EXTRA_DEBIAN_PACKAGES', 'EXTRA_PIP_PACKAGES', 'WHEELS'].flatMap((name) =>
      process.env[name] ? [[name, process.env[name]]] : [],
    ),
  );
  if (extra.WHEELS === undefined && !(await reachesPackageIndex())) extra.WHEELS = 'no';
  if (extra.WHEELS === 'no') say(`NOT CHECKED, for want of a Python package index: ${wheels().join(', ')}`);

  const started = performance.now();
  const root = await buildRoot(instructions, context, cache, extra);
  say(`built in ${((performance.now() - started) / 1000).toFixed(0)} s: ${sizeOf(root)}`);

  const packages = execFileSync('chroot', [root, 'dpkg-query', '--show', `--showformat=${DPKG_FORMAT}`], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 ** 2,
  });
  const base = instructions.find(({ kind }) => kind === 'FROM') as { image: string };
  const bill = join(cache, 'hourglass-session.cdx.json');
  const described = billOfImage(packages, extra.WHEELS === 'no' ? [] : wheels(), base.image);
  writeFileSync(bill, `${JSON.stringify(described, undefined, 2)}\n`);
  say(`bill of materials (CycloneDX): ${bill}`);

  const wrong = disagreements(
    root,
    settings,
    readFileSync(join(project, 'docs/session-protocol.md'), 'utf8'),
  );
  for (const sentence of wrong) say(`DISAGREEMENT: ${sentence}`);
  let failures = wrong.length;

  const tests = '/opt/hourglass/tests';
  const inside = { network: false, binds: { [join(context, 'tests')]: tests }, output: process.stdout };
  const python = ['/usr/bin/python3', '-m', 'unittest'];
  const image = JSON.stringify(settings);
  say('\n== the image as it runs');
  failures += await enterRoot(root, {
    ...inside,
    command: [...python, 'discover', '-v', '-s', `${tests}/image`],
    env: { ...settings.env, IMAGE: image, ...(extra.WHEELS === 'no' ? { IMAGE_WITHOUT_WHEELS: '1' } : {}) },
  });
  say("\n== the agent's tests as the image's users");
  failures += await enterRoot(root, {
    ...inside,
    command: ['/usr/bin/setpriv', ...identity(settings.user), ...python, 'discover', '-s', tests],
    env: { ...settings.env, AGENT_TESTS_IN_IMAGE: '1' },
  });
  say('\n== as root, with users of their own: the other way to change users, and one user alone');
  failures += await enterRoot(root, {
    ...inside,
    command: [...python, 'discover', '-s', tests, '-p', 'test_isolation.py'],
  });

  if (existsSync(escapeSuite)) {
    say('\n== attacks');
    const suite: { default: (root: string, image: typeof settings) => Promise<number> } = await import(
      pathToFileURL(escapeSuite).href
    );
    failures += await suite.default(root, settings);
  }
  say(failures === 0 ? '\nThe image is as it should be.' : '\nThe image is NOT as it should be.');
  return failures === 0 ? 0 : 1;
}

const wheels = (): string[] =>
  [...readFileSync(join(context, 'wheels.txt'), 'utf8').matchAll(/^(\S+==\S+)/gm)].map(
    ([, wheel = '']) => wheel,
  );

/** As pip would ask for a package. */
async function reachesPackageIndex(): Promise<boolean> {
  const index = (process.env.PIP_INDEX_URL ?? 'https://pypi.org/simple').replace(/\/$/, '');
  try {
    return (await fetch(`${index}/python-pptx/`, { signal: AbortSignal.timeout(10_000) })).ok;
  } catch {
    return false; // No network, no such name, no answer: each of them is what was asked.
  }
}

const identity = (user: string) => [`--reuid=${user}`, `--regid=${user}`, '--init-groups', '--'];

function sizeOf(root: string): string {
  const disk = execFileSync('du', ['-sxm', root], { encoding: 'utf8' }).split('\t')[0];
  const packed = execFileSync('sh', ['-c', `tar --one-file-system -C "$0" -c . | gzip -1 | wc -c`, root], {
    encoding: 'utf8',
  });
  return `${disk} MiB unpacked, ${(Number(packed) / 2 ** 20).toFixed(0)} MiB packed`;
}

function missing(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'image:check needs Linux and root.';
  if (spawnSync('debootstrap', ['--version']).error) {
    return 'image:check needs debootstrap: apt-get install debootstrap';
  }
  return undefined;
}

const problem = missing();
if (problem) {
  process.stderr.write(`${problem}\n`);
  process.exitCode = 1;
} else {
  process.exitCode = await check();
}
