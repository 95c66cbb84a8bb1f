import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import OpenAI from 'openai';
import type { Page } from 'playwright-core';

import { buildPlayground, builtPlayground } from '../../local/build-playground.ts';
import { startEmulation } from '../../local/emulation.ts';
import { startBrowser, withoutBrowser } from '../support/browser.ts';
import { ask, ended, goTo, openWithKey } from './page.ts';

/**
 * `npm run playground:pictures [-- folder]`: pictures of the playground with the demo model, in light and dark and on
 * a phone, one of them for the README; and figures of this machine: bytes, requests, first paint, and how long a key
 * takes to show in a thread of 500 messages.
 */
if (withoutBrowser) {
  process.stderr.write(`No pictures: ${withoutBrowser}\n`);
  process.exit(1);
}
const folder = resolve(process.argv[2] ?? 'pictures');
const README_PICTURE = resolve('docs/playground.png');
const MESSAGES = 500;
const KEYS = 60;

await mkdir(folder, { recursive: true });
const emulation = await startEmulation({ environment: { PATH: process.env.PATH, PLAYGROUND: 'on' } });
// As a deployment has it: the emulation does not take the time for the best compression.
const sizes = await buildPlayground(builtPlayground);
const browser = await startBrowser();
const client = new OpenAI({ baseURL: `${emulation.url}/v1`, apiKey: emulation.apiKey });

try {
  await scenes('light', { viewport: { width: 1280, height: 800 } });
  await scenes('dark', { viewport: { width: 1280, height: 800 }, colorScheme: 'dark' });
  const phone = {
    viewport: { width: 390, height: 844 },
    deviceScaleFactor: 2,
    isMobile: true,
    hasTouch: true,
  };
  await scenes('phone', phone);
  await scenes('phone-dark', { ...phone, colorScheme: 'dark' });
  await figures();
} finally {
  await browser[Symbol.asyncDispose]();
  await emulation.stop();
}
process.exit();

type Options = NonNullable<Parameters<typeof browser.open>[0]>;

async function scenes(name: string, options: Options): Promise<void> {
  const { page, context } = await browser.open(options);
  let count = 0;
  const shot = async (what: string) => {
    await page.waitForTimeout(250); // Transitions, and pictures that are being decoded.
    count += 1;
    await page.screenshot({ path: join(folder, `${name}-${String(count).padStart(2, '0')}-${what}.png`) });
  };
  const wide = (options.viewport?.width ?? 0) > 800;
  const menu = async () => {
    if (!wide) await page.getByRole('button', { name: 'Assistants and threads' }).click();
  };

  await page.goto(`${emulation.url}/`);
  await page.getByLabel('API key').waitFor();
  await shot('key');
  await openWithKey(page, emulation.url, '', emulation.apiKey);
  await page.getByText('Draw a sine wave').waitFor();
  await shot('home');

  await page.getByText('Draw a sine wave').click();
  await page.locator('.code-call .code', { hasText: 'linspace' }).waitFor();
  await shot('code-as-it-is-written');
  await ended(page);
  await page.locator('.answer .figure img').waitFor();
  await shot('figure');
  if (name === 'light') await readmePicture(page);
  await page.getByRole('button', { name: 'Inspect', exact: true }).click();
  await shot('steps');
  await page.getByRole('tab', { name: 'Events' }).click();
  await shot('events');
  await page.getByRole('tab', { name: 'Request' }).click();
  await shot('request');
  await page.getByRole('button', { name: 'Close the inspector' }).click();
  await ask(page, 'Run this:\n```python\nfor row in range(30):\n    print(row, row ** 2)\n1 / 0\n```');
  await page.locator('.run').nth(1).locator('.status-completed').waitFor({ timeout: 60_000 });
  await shot('error');

  await goTo(page, '/');
  await page.getByText('Read this CSV').click();
  await page.getByText('Describe the data in this file', { exact: true }).last().waitFor();
  await ended(page);
  await shot('csv');
  await goTo(page, '/');
  await page.getByText('Search these three documents').click();
  await page.locator('.citation').first().click();
  await shot('citation');
  await page.keyboard.press('Escape');
  await goTo(page, '/');
  await page.getByText('Call a function of yours').click();
  await page.locator('.function-form').waitFor();
  await shot('function');

  await menu();
  await shot('menu');
  await page.getByRole('button', { name: 'New assistant' }).click();
  await page.getByRole('button', { name: 'Add a function' }).click();
  await page.locator('.editor-body').evaluate((body) => body.scrollTo(0, 320));
  await shot('editor');
  await page.keyboard.press('Escape');
  if (!wide) await page.keyboard.press('Escape');
  for (const place of ['files', 'vector-stores', 'reference']) {
    await goTo(page, `/${place}`);
    await page.locator('main h1', { hasText: /\S/ }).first().waitFor();
    if (place === 'vector-stores') await page.locator('.store-open').first().click();
    await shot(place);
  }
  await goTo(page, '/threads/thread_gone');
  await page.getByRole('alert').waitFor();
  await shot('refused');
  await context.close();
}

/** The first screen of the README: a run with its steps beside it. */
async function readmePicture(page: Page): Promise<void> {
  await page.setViewportSize({ width: 1360, height: 1080 });
  await page.getByRole('button', { name: 'Inspect', exact: true }).click();
  await page.waitForTimeout(250);
  await page.locator('.timeline').evaluate((box) => box.scrollTo(0, 0));
  await page.waitForTimeout(250);
  await page.screenshot({ path: README_PICTURE });
  await page.getByRole('button', { name: 'Close the inspector' }).click();
  await page.setViewportSize({ width: 1280, height: 800 });
}

async function figures(): Promise<void> {
  const { page, context } = await browser.open();
  let requests = 0;
  page.on('request', () => {
    requests += 1;
  });
  await page.goto(`${emulation.url}/`);
  await page.getByLabel('API key').waitFor();
  const paint = await page.evaluate(() => {
    const entries = performance.getEntriesByType('paint');
    const transferred = [
      ...performance.getEntriesByType('navigation'),
      ...performance.getEntriesByType('resource'),
    ];
    return {
      first: entries.find(({ name }) => name === 'first-contentful-paint')?.startTime ?? Number.NaN,
      bytes: transferred.reduce((sum, entry) => sum + (entry as PerformanceResourceTiming).transferSize, 0),
    };
  });
  const kilobytes = (bytes: number) => `${(bytes / 1000).toFixed(1)} kB`;
  print(`requests until the page asks for a key: ${requests}, ${kilobytes(paint.bytes)} on the wire`);
  print(
    `compressed in all: ${kilobytes(sizes.brotliBytes)} by brotli, ${kilobytes(sizes.gzipBytes)} by gzip`,
  );
  print(`first contentful paint: ${paint.first.toFixed(0)} ms`);

  const thread = await client.beta.threads.create();
  for (let start = 0; start < MESSAGES; start += 1) {
    await client.beta.threads.messages.create(thread.id, {
      role: start % 2 === 0 ? 'user' : 'assistant',
      content: `Message ${start}\n\n- with a **list**\n- of \`things\`\n\nand a paragraph behind it, as answers have them.`,
    });
  }
  await openWithKey(page, emulation.url, `/threads/${thread.id}`, emulation.apiKey);
  const more = page.getByRole('button', { name: 'Show earlier messages' });
  for (;;) {
    await page.locator('.entry').first().waitFor();
    if ((await page.locator('.entry').count()) >= MESSAGES) break;
    const before = await page.locator('.entry').count();
    await more.click();
    await page.waitForFunction((count) => document.querySelectorAll('.entry').length > count, before);
  }
  const field = page.getByLabel('Your question');
  await field.focus();
  const times: number[] = [];
  for (let key = 0; key < KEYS; key += 1) {
    times.push(
      await field.evaluate(
        (element) =>
          new Promise<number>((done) => {
            const started = performance.now();
            const area = element as HTMLTextAreaElement;
            area.value += 'a';
            area.dispatchEvent(new InputEvent('input', { bubbles: true }));
            requestAnimationFrame(() => setTimeout(() => done(performance.now() - started)));
          }),
      ),
    );
  }
  times.sort((a, b) => a - b);
  print(
    `a key in a thread of ${MESSAGES} messages, until it is painted: ${times[KEYS >> 1]?.toFixed(0)} ms (median), ${times.at(-2)?.toFixed(0)} ms (slowest but one of ${KEYS})`,
  );
  await context.close();
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
