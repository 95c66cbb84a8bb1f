import '../support/without-host.ts';

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';

import { HttpRequest } from '@azure/functions';

import { buildPlayground } from '../../local/build-playground.ts';
import { staticFiles } from '../../shared/http/static-files.ts';

describe('the playground as it is built', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'playground-'));
    await buildPlayground(join(folder, 'built'), { smallest: false });
    await writeFile(join(folder, 'secret.txt'), 'not for browsers');
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const files = () => staticFiles(pathToFileURL(`${folder}/built/`), { 'x-own': 'yes' });
  const request = (headers: Record<string, string> = {}, method = 'GET') =>
    new HttpRequest({ method, url: 'http://host/playground', headers });

  it('names its script and style by their content, which browsers keep for ever, and the page never', async () => {
    const page = await files().answer('index.html', request());
    const html = String(page?.body);
    assert.deepEqual([page?.status, headerOf(page, 'cache-control')], [200, 'no-cache']);
    const names = [...html.matchAll(/"\/playground\/([^"]+)"/g)].map(([, name]) => name ?? '');
    assert.equal(names.length, 3);
    for (const name of names) {
      const answer = await files().answer(name, request());
      assert.equal(headerOf(answer, 'cache-control'), 'public, max-age=31536000, immutable', name);
      assert.equal(headerOf(answer, 'x-own'), 'yes');
    }
  });

  it('holds nothing inline and nothing from elsewhere', async () => {
    const html = String((await files().answer('index.html', request()))?.body);
    assert.doesNotMatch(html, /<script(?![^>]*src=)|<style|style=|\son\w+=|https?:/);
  });

  it('is sent as the browser can read it, and not at all when it has it', async () => {
    const codings = ['', 'gzip', 'br, gzip', 'br;q=0, gzip', 'identity'];
    const sent = await Promise.all(
      codings.map(async (accepted) =>
        headerOf(
          await files().answer('index.html', request({ 'accept-encoding': accepted })),
          'content-encoding',
        ),
      ),
    );
    assert.deepEqual(sent, [undefined, 'gzip', 'br', 'gzip', undefined]);
    const first = await files().answer('index.html', request());
    const again = await files().answer(
      'index.html',
      request({ 'if-none-match': headerOf(first, 'etag') ?? '' }),
    );
    assert.deepEqual([again?.status, again?.body], [304, undefined]);
    const head = await files().answer('index.html', request({}, 'HEAD'));
    assert.deepEqual(
      [head?.body, headerOf(head, 'content-length')],
      [null, headerOf(first, 'content-length')],
    );
  });

  it('has no file but its own', async () => {
    for (const name of [
      '../secret.txt',
      '..%2fsecret.txt',
      '/etc/passwd',
      'index.html.br',
      '',
      '.',
      'constructor',
    ]) {
      assert.equal(await files().answer(name, request()), undefined, name);
    }
  });
});

const headerOf = (answer: { headers?: unknown } | undefined, name: string): string | undefined =>
  (answer?.headers as Record<string, string> | undefined)?.[name];
