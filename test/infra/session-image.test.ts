import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, suite, test } from 'node:test';

const SESSION_BASE_DIGEST = `sha256:${'a'.repeat(64)}`;
const script = resolve(import.meta.dirname, '../../infra/build-session-image.mjs');

/** The script that azd runs, with an `az` that only writes down what it is asked. */
suite('the hook that builds the session image', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hourglass-az-'));
    // Knows the tag v1 alone.
    const az = `#!/bin/sh\necho "$*" >> '${folder}/asked'\ncase "$*" in *"repository show"*:v1*) exit 0;; *show*) exit 3;; esac\n`;
    await writeFile(join(folder, 'az'), az);
    await chmod(join(folder, 'az'), 0o755);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  async function run(environment: Record<string, string>, ...args: string[]) {
    await writeFile(join(folder, 'asked'), '');
    const env = { PATH: `${folder}:${process.env.PATH}`, SESSION_BASE_DIGEST, ...environment };
    const code = await new Promise<number | string>((done) => {
      execFile(process.execPath, [script, ...args], { env }, (error) => done(error ? (error.code ?? -1) : 0));
    });
    const asked = (await readFile(join(folder, 'asked'), 'utf8')).split('\n').filter(Boolean);
    return { code, built: asked.filter((line) => line.startsWith('acr build')) };
  }

  const CONTAINER_REGISTRY_NAME = 'crexample';

  test('builds on a base that is named by its digest, and on none that is not, unless that is asked for', async () => {
    const known = { CONTAINER_REGISTRY_NAME, SESSION_IMAGE_TAG: 'v2' };
    for (const digest of ['', 'latest', 'sha256:12', `sha256:${'a'.repeat(64)} --file x`]) {
      for (const args of [[], ['--before-provisioning']])
        assert.deepEqual(await run({ ...known, SESSION_BASE_DIGEST: digest }, ...args), {
          code: 1,
          built: [],
        });
    }
    assert.match((await run(known)).built.join(), / --build-arg BASE_DIGEST=@sha256:a{64} \S+session$/);
    const unpinned = await run({ ...known, SESSION_BASE_DIGEST: 'unpinned' });
    assert.doesNotMatch(unpinned.built.join(), /build-arg/);
    assert.equal(unpinned.code, 0);
  });

  test('builds a tag that is not there, and no tag twice', async () => {
    const one = await run({ CONTAINER_REGISTRY_NAME, SESSION_IMAGE_TAG: 'v2' });
    assert.equal(one.code, 0);
    assert.match(
      one.built.join(),
      /^acr build --registry crexample --image hourglass-session:v2 --build-arg \S+ \S+session$/,
    );
    assert.deepEqual(await run({ CONTAINER_REGISTRY_NAME, SESSION_IMAGE_TAG: 'v1' }), { code: 0, built: [] });
  });

  test('builds `latest` whatever is there, but not before provisioning as well', async () => {
    assert.equal((await run({ CONTAINER_REGISTRY_NAME })).built.length, 1);
    const early = await run({ CONTAINER_REGISTRY_NAME }, '--before-provisioning');
    assert.deepEqual(early, { code: 0, built: [] });
  });

  test('before provisioning: builds for an upgrade, and waits for the registry the first time', async () => {
    const upgrade = { CONTAINER_REGISTRY_NAME, SESSION_IMAGE_TAG: 'v2' };
    assert.equal((await run(upgrade, '--before-provisioning')).built.length, 1);
    const first = await run({ SESSION_IMAGE_TAG: 'v2' }, '--before-provisioning');
    assert.deepEqual(first, { code: 0, built: [] });
  });

  test('stops where the registry is not known, or a name is none', async () => {
    assert.equal((await run({ SESSION_IMAGE_TAG: 'v2' })).code, 1);
    assert.equal((await run({ CONTAINER_REGISTRY_NAME: 'a b', SESSION_IMAGE_TAG: 'v2' })).code, 1);
    const odd = await run({ CONTAINER_REGISTRY_NAME, SESSION_IMAGE_TAG: 'v2; rm' });
    assert.deepEqual(odd, { code: 1, built: [] });
  });

  test('builds nothing where that is done by hand', async () => {
    const skipped = await run({
      CONTAINER_REGISTRY_NAME,
      SESSION_IMAGE_TAG: 'v2',
      SESSION_BASE_DIGEST: '',
      SKIP_SESSION_IMAGE: 'true',
    });
    assert.deepEqual(skipped, { code: 0, built: [] });
  });
});
