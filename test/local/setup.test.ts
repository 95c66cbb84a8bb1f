import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { type SetupProject, setupProject } from './setup-project.ts';

const NPM = 'mkdir -p node_modules; echo {} > node_modules/.package-lock.json';
const debianRoot = process.getuid?.() === 0 && existsSync('/etc/debian_version');

/** A machine on which nothing is missing but the npm packages. */
async function completeMachine(): Promise<SetupProject & { python: string }> {
  const project = await setupProject();
  await project.program('npm', NPM);
  await project.program('bwrap', '');
  return { ...project, python: await project.program('my-python', '') };
}

test('npm packages are installed when missing, and the script then runs with its arguments', async () => {
  const machine = await completeMachine();
  await writeFile(
    join(machine.folder, 'script.ts'),
    'const n: number = 7; console.log(n, process.argv.slice(2));',
  );
  const environment = { SESSION_PYTHON: machine.python };
  const first = await machine.run(['local/setup.mjs', 'script.ts', '--flag', 'x'], environment);
  assert.equal(first.code, 0, first.output);
  assert.match(first.output, /7 \[ '--flag', 'x' \]/);
  assert.match((await machine.calls())[0] ?? '', /^npm ci /);

  const calls = (await machine.calls()).length;
  const second = await machine.run(['local/setup.mjs'], environment);
  assert.equal(second.output, '');
  // The sandbox is tried every time; npm and Python are not.
  const later = (await machine.calls()).slice(calls);
  assert.ok(
    later.every((call) => call.startsWith('bwrap ')),
    later.join('\n'),
  );
});

test('what starts no Python here runs without Python and sandbox', async () => {
  const machine = await setupProject();
  await machine.program('npm', NPM);
  await writeFile(join(machine.folder, 'script.ts'), 'console.log(process.argv.slice(2));');
  const { code, output } = await machine.run(['local/setup.mjs', '--no-sessions', 'script.ts', '--flag']);
  assert.equal(code, 0, output);
  assert.match(output, /\[ '--flag' \]/);
  assert.ok((await machine.calls()).every((call) => call.startsWith('npm ci ')));
});

test('a changed lock file brings npm back; the same content at a later time does not', async () => {
  const machine = await completeMachine();
  const environment = { SESSION_PYTHON: machine.python };
  const installs = async () => (await machine.calls()).filter((call) => call.startsWith('npm')).length;
  await machine.run(['local/setup.mjs'], environment);
  const lock = join(machine.folder, 'package-lock.json');
  const later = new Date(Date.now() + 60_000);
  await utimes(lock, later, later);
  await machine.run(['local/setup.mjs'], environment);
  assert.equal(await installs(), 1);
  await writeFile(lock, '{"lockfileVersion":3,"packages":{}}');
  await utimes(lock, later, later);
  await machine.run(['local/setup.mjs'], environment);
  assert.equal(await installs(), 2);
});

test('two at a time in one folder: one installs, the other waits for it', async () => {
  const machine = await completeMachine();
  await machine.program('npm', `while [ ! -e go ]; do :; done; ${NPM}`);
  const environment = { SESSION_PYTHON: machine.python };
  const both = [1, 2].map(() => machine.run(['local/setup.mjs'], environment));
  await writeFile(join(machine.folder, 'go'), '');
  for (const { code, output } of await Promise.all(both)) assert.equal(code, 0, output);
  assert.equal((await machine.calls()).filter((call) => call.startsWith('npm')).length, 1);
});

test('a set-up that was killed holds nobody up, whoever has its process number by now', async () => {
  const machine = await completeMachine();
  await machine.program('npm', 'kill -9 $PPID');
  const environment = { SESSION_PYTHON: machine.python };
  assert.equal((await machine.run(['local/setup.mjs'], environment)).code, null);
  const data = join(machine.folder, '.data');
  for (const name of existsSync(data) ? await readdir(data) : []) {
    await writeFile(join(data, name), String(process.pid));
  }
  await machine.program('npm', NPM);
  assert.equal((await machine.run(['local/setup.mjs'], environment)).code, 0);
});

test('npm that fails is told with the command to try', async () => {
  const machine = await completeMachine();
  await machine.program('npm', 'exit 1');
  const { code, output } = await machine.run(['local/setup.mjs'], { SESSION_PYTHON: machine.python });
  assert.equal(code, 1);
  assert.match(output, /by hand: npm ci/);
});

test('a SESSION_PYTHON without the modules is told with the command that installs them', async () => {
  const machine = await completeMachine();
  const python = await machine.program('bare-python', 'exit 1');
  const { code, output } = await machine.run(['local/setup.mjs'], { SESSION_PYTHON: python });
  assert.equal(code, 1);
  assert.ok(output.includes(`${python} -m pip install -r session/requirements-local.txt`), output);
});

test('a SESSION_PYTHON that does not exist is called that', async () => {
  const machine = await completeMachine();
  const { code, output } = await machine.run(['local/setup.mjs'], { SESSION_PYTHON: '/no/such/python3' });
  assert.equal(code, 1);
  assert.match(output, /SESSION_PYTHON=\/no\/such\/python3: there is no such program/);
});

test('SESSION_ISOLATION=none needs no bubblewrap, and says what that means', async () => {
  const machine = await completeMachine();
  await machine.program('bwrap', 'exit 1');
  const environment = { SESSION_PYTHON: machine.python, SESSION_ISOLATION: 'none' };
  const { code, output } = await machine.run(['local/setup.mjs'], environment);
  assert.equal(code, 0, output);
  assert.match(output, /runs without a sandbox, as you/);
});

const runInstall = (install: string) => [
  '--input-type=module',
  '--eval',
  `const { ${install} } = await import(process.env.PROJECT + '/local/setup/install-python.mjs');
   await ${install}().catch((error) => { console.log(error.message); process.exit(1); });`,
];

test('where pip reaches an index, Python packages go into .venv', async () => {
  const machine = await setupProject();
  const python = 'echo "venv-python $*" >> $PROJECT/calls';
  await machine.program(
    'python3',
    `mkdir -p $3/bin; printf '#!/bin/sh\\n%s\\n' '${python}' > $3/bin/python; chmod +x $3/bin/python`,
  );
  const { code, output } = await machine.run(runInstall('installPython'));
  assert.equal(code, 0, output);
  const calls = await machine.calls();
  assert.match(calls[0] ?? '', /^python3 -m venv .*\.venv$/);
  assert.ok(
    calls.some((call) => / install -r session\/requirements-local\.txt$/.test(call)),
    calls.join('\n'),
  );
});

test('bubblewrap that cannot be had is told with the commands that install it', async () => {
  const machine = await setupProject();
  await machine.program('apt-get', 'exit 100');
  const { code, output } = await machine.run(runInstall('installBubblewrap'));
  assert.equal(code, 1);
  assert.match(output, /sudo apt-get install bubblewrap/);
  assert.match(output, /SESSION_ISOLATION=none/);
});

test('Debian: lists are fetched when the first attempt fails, then it is installed', {
  skip: !debianRoot && 'needs root on Debian',
}, async () => {
  const machine = await setupProject();
  await machine.program(
    'apt-get',
    `case "$*" in
       *update*) : > $PROJECT/updated ;;
       *install*) [ -e $PROJECT/updated ] || exit 100; printf '#!/bin/sh\\n' > $BIN/bwrap; chmod +x $BIN/bwrap ;;
     esac`,
  );
  const { code, output } = await machine.run(runInstall('installBubblewrap'));
  assert.equal(code, 0, output);
  const verbs = (await machine.calls()).map((call) => /install .*|update/.exec(call)?.[0]);
  const install = 'install --yes --no-install-recommends bubblewrap';
  assert.deepEqual(verbs, [install, 'update', install]);
});

test('Debian: without pip, all that is missing is asked for at once, by the names in the list', {
  skip: !debianRoot && 'needs root on Debian',
}, async () => {
  const machine = await setupProject();
  await machine.program('apt-get', 'exit 100');
  await machine.run(runInstall('installPython'));
  const install = (await machine.calls()).find((call) => call.includes(' install '));
  assert.match(install ?? '', /--no-install-recommends python3-one python3-two bubblewrap$/);
});
