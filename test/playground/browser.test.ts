import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';

import type OpenAI from 'openai';
import { toFile } from 'openai';
import type { Page } from 'playwright-core';

import { buildPlayground, builtPlayground } from '../../local/build-playground.ts';
import { type Opened, startBrowser, type TestBrowser, withoutBrowser } from '../support/browser.ts';
import type { Piece } from '../support/scripted-turn.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { until } from '../support/until.ts';
import { cableTo } from './cable.ts';
import { hostileTexts } from './hostile-texts.ts';
import { ask, ended, goTo, lastRun, openWithKey, signIn } from './page.ts';

/** The page in a real browser, against a real host, real storage and real Python; only the model follows a script. */
describe('the playground in a browser', { skip: withoutBrowser }, () => {
  let stack: Stack;
  let browser: TestBrowser;
  let client: OpenAI;
  let url: string;
  before(async () => {
    await buildPlayground(builtPlayground, { smallest: false });
    [stack, browser] = await Promise.all([startStack({ PLAYGROUND: 'on' }), startBrowser()]);
    client = stack.client();
    url = stack.host.url;
  });
  after(async () => {
    await browser?.[Symbol.asyncDispose]();
    await stack?.[Symbol.asyncDispose]();
  });

  // One test that fails must not spoil the next one's script.
  beforeEach(() => stack.model.reset());
  afterEach(() => browser.closeAll());

  const assistant = (name: string, tools: OpenAI.Beta.AssistantTool[] = []) =>
    client.beta.assistants.create({ model: 'scripted', name, tools });
  const python = (code: string) => ({ toolCalls: [{ name: 'python', arguments: { code } }] });

  /** Signed in, with that assistant chosen. */
  async function withAssistant(
    name: string,
    tools: OpenAI.Beta.AssistantTool[] = [],
    options = {},
  ): Promise<Opened> {
    const { id } = await assistant(name, tools);
    const opened = await browser.open(options);
    await openWithKey(opened.page, url);
    await opened.page.locator('.picker select').selectOption(id);
    return opened;
  }

  async function close({ context, faults }: Opened): Promise<void> {
    await context.close();
    assert.deepEqual(faults, []);
  }

  it('asks for a key, says in the API’s words why one is refused, and stores none unasked', async () => {
    const opened = await browser.open();
    const { page } = opened;
    await page.goto(`${url}/`);
    await page.getByLabel('API key').fill('KEY-WRONG');
    await page.keyboard.press('Enter');
    const alert = page.getByRole('alert');
    assert.match(
      (await alert.textContent()) ?? '',
      /Incorrect API key provided.*HTTP 401.*invalid_api_key.*req_/s,
    );
    await signIn(page, url);
    const stored = () =>
      page.evaluate(() => JSON.stringify([{ ...sessionStorage }, { ...localStorage }, document.cookie]));
    assert.equal(await stored(), '[{},{},""]');
    await page.reload();
    await page.getByLabel('API key').waitFor();
    // An address with a key is for this machine; the key does not stay in it.
    await openWithKey(page, url);
    assert.equal(page.url(), `${url}/`);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('API key').waitFor();
    assert.equal(await stored(), '[{},{},""]');
    await close(opened);
  });

  it('is served at / and /playground under a policy that lets nothing else in; /docs and the icon lead somewhere', async () => {
    const get = (path: string, method = 'GET') => fetch(`${url}${path}`, { method, redirect: 'manual' });
    for (const path of ['/', '/playground', '/PLAYGROUND/']) {
      const answer = await get(path);
      assert.equal(answer.status, 200, path);
      const policy = answer.headers.get('content-security-policy') ?? '';
      assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:;/);
      assert.match(
        policy,
        /frame-ancestors 'none'.*require-trusted-types-for 'script'; trusted-types 'none'/,
      );
      assert.doesNotMatch(policy, /unsafe|https?:|\*/);
      assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
    }
    const docs = await get('/docs');
    assert.deepEqual([docs.status, docs.headers.get('location')], [302, '/playground#/reference']);
    const icon = await get('/favicon.ico');
    assert.deepEqual([icon.status, icon.headers.get('content-type')], [200, 'image/x-icon']);
    for (const [path, method] of [
      ['/', 'POST'],
      ['/nothing', 'GET'],
      ['/playground/nothing.js', 'GET'],
      ['/docs', 'DELETE'],
    ] as const) {
      const answer = await get(path, method);
      assert.equal(answer.status, 404, `${method} ${path}`);
      assert.match(await answer.text(), /"code":"unknown_url"/);
    }
  });

  it('goes through the documentation’s walkthrough by clicking: an assistant, three questions, two figures', async () => {
    const opened = await browser.open({ acceptDownloads: true });
    const { page } = opened;
    await signIn(page, url);
    await page.getByRole('button', { name: 'New assistant' }).click();
    await page.getByLabel('Name', { exact: true }).fill('Data Visualization');
    await page
      .getByLabel('Instructions')
      .fill('You are a helpful AI assistant who makes interesting visualizations.');
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });

    const written = Promise.withResolvers<void>();
    const draw = 'import matplotlib.pyplot as plt\nprint("drawing")\nplt.plot([0, 1, 0, -1])\nplt.show()\n';
    stack.model.add(
      { pieces: codePieces(draw, written.promise), finish: 'tool_calls' },
      { text: ['Here is', ' the **sine wave**.'] },
    );
    await ask(page, 'Create a visualization of a sinewave');
    const call = lastRun(page).locator('.code-call');
    await call.locator('.code', { hasText: 'import matplotlib' }).waitFor();
    assert.match((await call.textContent()) ?? '', /is being written/);
    written.resolve();
    await ended(page);
    assert.match((await call.textContent()) ?? '', /ran \d+\.\d s/);
    assert.equal(await call.locator('.logs').textContent(), 'drawing\n');
    const figure = lastRun(page).locator('.answer .figure img');
    assert.ok((await figure.evaluate((image: HTMLImageElement) => image.naturalWidth)) > 100);
    assert.equal(await lastRun(page).locator('.figure').count(), 1, 'the figure shows once');
    assert.equal(await lastRun(page).locator('.answer strong').textContent(), 'sine wave');

    await lastRun(page).locator('.figure').click();
    const saved = page.waitForEvent('download');
    await page.getByRole('dialog').getByRole('button', { name: 'Download' }).click();
    const download = await saved;
    assert.equal((await readFile(await download.path())).subarray(1, 4).toString(), 'PNG');
    await page.keyboard.press('Escape');

    const dashes = '-'.repeat(75);
    stack.model.add({ text: `Here is the code:\n\n\`\`\`python\n${draw}\`\`\`\n\n${dashes}\n\n*Done*` });
    await ask(page, 'Show me the code you used to generate the sinewave');
    await page.locator('.run').nth(1).locator('.status-completed').waitFor();
    assert.equal(await lastRun(page).locator('.code-block .code').textContent(), draw.trimEnd());
    assert.equal(await lastRun(page).locator('.answer hr, .answer em').count(), 2);

    const dark = `plt.style.use("dark_background")\n${draw}`;
    stack.model.add(python(`1/0`), python(`import matplotlib.pyplot as plt\n${dark}`), {
      text: 'In the dark.',
    });
    await ask(
      page,
      'I prefer visualizations in darkmode can you change the colors to make a darkmode version of this visualization.',
    );
    await page.locator('.run').nth(2).locator('.status-completed').waitFor({ timeout: 60_000 });
    await page.locator('.answer .figure img').nth(1).waitFor();
    assert.equal(await page.locator('.answer .figure img').count(), 2);
    assert.match((await lastRun(page).locator('.logs-failed').textContent()) ?? '', /ZeroDivisionError/);
    assert.equal(await lastRun(page).getByText('Python, next attempt').count(), 1);
    assert.equal(
      await page.locator('.rows-threads .row-name').first().textContent(),
      'Create a visualization of a sinewave',
    );

    // The thread by its address, in another tab: the same, with its steps and times.
    const second = await opened.context.newPage();
    await openWithKey(second, url, page.url().split('#')[1]);
    await second.locator('.answer .figure img').nth(1).waitFor();
    await second.locator('.code-call').nth(1).waitFor();
    await second.locator('.timeline').press('Home');
    await second.locator('.code-call').nth(2).waitFor();
    stack.model.assertDone();
    await close(opened);
  });

  it('stops for functions, asks for their outputs, and answers by itself what it was told to', async () => {
    const weather = {
      type: 'function' as const,
      function: { name: 'get_weather', parameters: { type: 'object' } },
    };
    const opened = await withAssistant('Weather', [weather]);
    const { page } = opened;
    const call = (city: string) => ({ toolCalls: [{ name: 'get_weather', arguments: { city, days: 2 } }] });
    stack.model.add(call('Oslo'), { text: 'Cold in Oslo.' });
    await ask(page, 'How is Oslo?');
    const form = page.getByRole('form', { name: 'Outputs of functions' });
    await form.waitFor();
    assert.equal(await lastRun(page).locator('.arguments').textContent(), 'cityOslodays2');
    await form.getByLabel('Output of get_weather').fill('-3 degrees');
    await form.getByLabel('Answer this function so from now on').check();
    await form.getByRole('button', { name: 'Submit output' }).click();
    await ended(page);
    assert.match(JSON.stringify(stack.model.requests.at(-1)?.body.messages.at(-1)), /-3 degrees/);

    stack.model.add(call('Bergen'), { text: 'Cold in Bergen.' });
    await ask(page, 'And Bergen?');
    await page.getByText('Cold in Bergen.', { exact: true }).waitFor();
    assert.match(JSON.stringify(stack.model.requests.at(-1)?.body.messages.at(-1)), /-3 degrees/);
    await page.getByTitle('Ask again for get_weather').click();
    stack.model.add(call('Rome'));
    await ask(page, 'And Rome?');
    await form.waitFor();
    await form.getByRole('button', { name: 'Cancel run' }).click();
    await ended(page, 'cancelled');
    stack.model.assertDone();
    await close(opened);
  });

  it('fills a vector store, searches it, and opens the passage behind a citation', async () => {
    const opened = await browser.open();
    const { page } = opened;
    await openWithKey(page, url, '/vector-stores');
    await page.getByLabel('Name of a new vector store').fill('Handbook');
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByRole('button', { name: /^Handbook/ }).click();
    await page
      .getByLabel('Add files')
      .last()
      .setInputFiles({
        name: 'heating.md',
        mimeType: 'text/markdown',
        buffer: Buffer.from('The boiler shows error E-417 when its <b>valve</b> is stuck.'),
      });
    await page.locator('.store .table-facts', { hasText: /^completed/ }).waitFor();
    await page.getByLabel('Try a search in this store').fill('boiler valve');
    await page.getByRole('button', { name: 'Search' }).click();
    await page.locator('.results .passage', { hasText: 'E-417' }).waitFor();

    await page.getByRole('button', { name: 'New assistant' }).click();
    await page.getByLabel('Name', { exact: true }).fill('Caretaker');
    await page.getByLabel(/^File search/).check();
    await page.getByLabel('Vector store', { exact: true }).selectOption({ label: 'Handbook' });
    await page.getByRole('button', { name: 'Create', exact: true }).last().click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.getByRole('link', { name: 'Hourglass' }).click();
    stack.model.add(
      { toolCalls: [{ name: 'file_search', arguments: { queries: ['boiler valve'] } }] },
      ({ body }) => {
        const marker = /【[^】]+】/.exec(JSON.stringify(body.messages.at(-1)))?.[0] ?? '';
        return { text: ['The valve is stuck ', marker, '.'] };
      },
    );
    await ask(page, 'What is E-417?');
    await ended(page);
    assert.match((await lastRun(page).locator('.call').textContent()) ?? '', /found 1 passage.*heating\.md/s);
    await lastRun(page).getByRole('button', { name: 'Source 1: heating.md' }).click();
    const passage = page.locator('.passage-card .passage');
    await passage.waitFor();
    assert.equal(
      (await passage.textContent())?.trim(),
      'The boiler shows error E-417 when its <b>valve</b> is stuck.',
    );
    await page.keyboard.press('Escape');
    await passage.waitFor({ state: 'hidden' });
    stack.model.assertDone();
    await close(opened);
  });

  it('takes a broken stream up where it broke: no word is missing, none comes twice', async () => {
    await using cable = await cableTo(url);
    const { id } = await assistant('Long answer');
    const opened = await browser.open();
    const { page } = opened;
    await openWithKey(page, cable.url);
    await page.locator('.picker select').selectOption(id);
    const words = Array.from({ length: 120 }, (_, index) => `word${index} `);
    const [broken, mended] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const pieces: Piece[] = [
      ...words.slice(0, 40),
      { gate: broken.promise },
      ...words.slice(40),
      { gate: mended.promise },
    ];
    stack.model.add({ pieces: [...pieces, 'end'] });
    await ask(page, 'Tell me');
    await page.getByText('word39').waitFor();
    await cable.pull();
    broken.resolve();
    await page.locator('.reconnecting').waitFor();
    assert.ok(!(await lastRun(page).textContent())?.includes('word119'));
    await cable.plug();
    await page.getByText('word119').waitFor();
    // Before the complete message replaces what was put together from its pieces.
    assert.equal((await lastRun(page).locator('.answer').textContent())?.trim(), words.join('').trim());
    assert.equal(await page.locator('.reconnecting').count(), 0);
    mended.resolve();
    await ended(page);
    await lastRun(page).getByRole('button', { name: 'Inspect' }).click();
    await page.getByRole('tab', { name: 'Events' }).click();
    await page.locator('.events li').first().waitFor();
    const ids = await page.locator('.event-id').allTextContents();
    assert.equal(new Set(ids).size, ids.length);
    await close(opened);
  });

  it('cancels, retries, and asks the last question anew', async () => {
    const opened = await withAssistant('Second thoughts');
    const { page } = opened;
    stack.model.add({ pieces: ['Once upon ', 'stall'] });
    await ask(page, 'A stori');
    await page.getByText('Once upon').waitFor();
    await page.getByRole('button', { name: 'Cancel', exact: true }).click();
    await ended(page, 'cancelled');
    stack.model.add({ text: 'A tory.' });
    await page.getByRole('button', { name: 'Retry' }).click();
    await ended(page);
    stack.model.add({ text: 'A story.' });
    await page.getByRole('button', { name: 'Edit', exact: true }).click();
    assert.equal(await page.getByLabel('Your question').inputValue(), 'A stori');
    await ask(page, 'A story');
    await page.getByText('A story.', { exact: true }).waitFor();
    await ended(page);
    const sent = stack.model.requests.at(-1)?.body.messages.map(({ content }) => content);
    assert.deepEqual(sent?.slice(-1), ['A story']);
    assert.deepEqual(await page.locator('.question').allTextContents(), ['A story']);
    assert.equal(await page.locator('.rows-threads .row-name').first().textContent(), 'A story');
    stack.model.assertDone();
    await close(opened);
  });

  it('runs no script of anybody else’s, wherever it comes from', async () => {
    const evil = hostileTexts[1] ?? '';
    const opened = await withAssistant(evil, [{ type: 'code_interpreter' }]);
    const { page } = opened;
    const upload = await client.files.create({
      file: await toFile(
        Buffer.from('<svg onload="window.pwned=1"/>'),
        '<img src=x onerror=window.pwned=1>.svg',
      ),
      purpose: 'assistants',
    });
    const thread = await client.beta.threads.create({
      messages: [
        ...hostileTexts.slice(0, 20).map((content) => ({ role: 'assistant' as const, content })),
        {
          role: 'user',
          content: evil,
          attachments: [{ file_id: upload.id, tools: [{ type: 'code_interpreter' }] }],
        },
      ],
    });
    const print = `print(${JSON.stringify(hostileTexts.slice(0, 8).join('\n'))})`;
    const name = '<script>window.pwned=1</script>.html';
    stack.model.add(
      python(`${print}\nopen("/mnt/data/a.html", "w").write("<script>window.pwned=1</script>")`),
      {
        text: `${hostileTexts.slice(0, 36).join('\n\n')}\n\n[${name}](sandbox:/mnt/data/a.html)`,
      },
    );
    await openWithKey(page, url, `/threads/${thread.id}`);
    await page.getByText('Edit', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Inspect the last run' }).isDisabled();
    await client.beta.threads.runs.createAndPoll(thread.id, {
      assistant_id: (await client.beta.assistants.list({ limit: 1 })).data[0]!.id,
    });
    for (const text of hostileTexts.slice(36)) {
      await client.beta.threads.messages.create(thread.id, {
        role: 'assistant',
        content: text.replaceAll('\ud800', '').replaceAll('\0', ''),
      });
    }
    await page.reload();
    await openWithKey(page, url, `/threads/${thread.id}`);
    await page.locator('.run').first().scrollIntoViewIfNeeded();
    await page.locator('.code-call .logs').first().waitFor();
    const harmful = await page.evaluate(() => {
      const allowed = (link: HTMLAnchorElement) =>
        link.closest('nav') !== null ||
        (/^(https?|mailto):/.test(link.protocol) &&
          link.relList.contains('noopener') &&
          link.host !== location.host);
      const unsafe = [...document.querySelectorAll('main a')].filter(
        (link) => !allowed(link as HTMLAnchorElement),
      );
      const attributes = [...document.querySelectorAll('#app *')].flatMap((element) =>
        element.getAttributeNames().filter((attribute) => attribute.startsWith('on')),
      );
      const foreign = [...document.querySelectorAll('img')].filter(
        ({ src }) => !src.startsWith('blob:') && !src.startsWith(location.origin),
      );
      return {
        pwned: 'pwned' in window,
        tags: document.querySelectorAll(
          '#app script, iframe, object, embed, base, #app style, #app link, #app meta',
        ).length,
        links: unsafe.map((link) => link.outerHTML),
        attributes,
        pictures: foreign.length,
        leftPage: location.pathname !== '/',
      };
    });
    assert.deepEqual(harmful, {
      pwned: false,
      tags: 0,
      links: [],
      attributes: [],
      pictures: 0,
      leftPage: false,
    });
    assert.ok(
      (await page.locator('.answer').allTextContents()).some((text) => text.includes('<script>')),
      'shown as text',
    );
    const saved = page.waitForEvent('download');
    await page.locator('.answer .file-link').last().click();
    assert.equal((await saved).suggestedFilename(), 'a.html');
    assert.equal(await page.evaluate(() => 'pwned' in window), false);
    stack.model.assertDone();
    await close(opened);
  });

  it('can be used by keyboard alone', async () => {
    await assistant('By hand');
    const opened = await browser.open();
    const { page } = opened;
    await page.goto(`${url}/`);
    await page.keyboard.type('KEY-A');
    await page.keyboard.press('Enter');
    await page.getByRole('navigation').waitFor();
    await page.locator('.picker').waitFor();
    await page.keyboard.press('Tab');
    assert.equal(await focused(page), 'Skip to the content');
    await page.keyboard.press('Enter');
    await tabTo(page, 'Your question');
    stack.model.add({ text: 'Typed.' });
    await page.keyboard.type('Only keys');
    await page.keyboard.press('Enter');
    await ended(page);
    await tabTo(page, 'Inspect', true);
    await page.keyboard.press('Enter');
    await tabTo(page, 'Steps');
    await page.keyboard.press('ArrowRight');
    await page.getByRole('tab', { name: 'Events', selected: true }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('complementary').waitFor({ state: 'detached' });
    await tabTo(page, 'New assistant', true);
    const ring = await page.evaluate(() => getComputedStyle(document.activeElement!).outlineStyle);
    assert.notEqual(ring, 'none', 'focus can be seen');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await close(opened);
  });

  it('has nothing that axe finds serious, in light and dark, and announces what happens', async () => {
    const opened = await withAssistant('Seen and heard', [{ type: 'code_interpreter' }]);
    const { page } = opened;
    stack.model.add(python('print(1)'), {
      text: '# Title\n\n| a | b |\n|---|---|\n| 1 | `x` |\n\n[there](https://example.com)',
    });
    await ask(page, 'Show all');
    await ended(page);
    await until(
      async () => ((await page.getByRole('status').first().textContent()) ?? '').startsWith('Run completed.'),
      'the end of the run is told',
    );
    await lastRun(page).getByRole('button', { name: 'Inspect' }).click();
    assert.deepEqual(await seriousFaults(page), []);
    await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
    assert.deepEqual(await seriousFaults(page), []);
    await page.getByRole('tab', { name: 'Events' }).click();
    await page.getByRole('button', { name: 'New assistant' }).click();
    await page.getByRole('button', { name: 'Add a function' }).click();
    assert.deepEqual(await seriousFaults(page), []);
    await page.keyboard.press('Escape');
    for (const place of ['/files', '/vector-stores', '/reference', '/']) {
      await goTo(page, place);
      await page.locator('main h1').first().waitFor();
      assert.deepEqual(await seriousFaults(page), [], place);
    }
    const moving = await page.evaluate(() => document.getAnimations().length);
    assert.equal(moving, 0, 'nothing moves for those who asked for that');
    await close(opened);
  });

  it('fits a phone, and writes from right to left where the text does', async () => {
    const opened = await withAssistant('Small', [], {
      viewport: { width: 360, height: 740 },
      hasTouch: true,
      isMobile: true,
    });
    const { page } = opened;
    stack.model.add({
      text: `שלום עולם\n\nHello\n\n\`${'wide'.repeat(60)}\`\n\n| ${'a | '.repeat(12)}\n|${'---|'.repeat(12)}\n| ${'cell | '.repeat(12)}`,
    });
    await ask(page, 'مرحبا');
    await ended(page);
    const directions = await page
      .locator('.question p, .answer p')
      .evaluateAll((all) => all.map((element) => getComputedStyle(element).direction));
    assert.deepEqual(directions.slice(0, 3), ['rtl', 'rtl', 'ltr']);
    const width = () => page.evaluate(() => document.documentElement.scrollWidth);
    assert.equal(await width(), 360);
    await page.getByRole('button', { name: 'Assistants and threads' }).click();
    await until(async () => (await focused(page)) === 'Close the menu', 'the menu has the focus');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Inspect', exact: true }).click();
    await page.getByRole('button', { name: 'Close the inspector' }).click();
    await page.getByRole('button', { name: 'Assistants and threads' }).click();
    await page.getByRole('link', { name: 'Vector stores' }).click();
    await page.getByRole('heading', { name: 'Vector stores' }).waitFor();
    assert.equal(await width(), 360);
    await close(opened);
  });

  it('says what an upload, a deleted thread and an unknown address are refused for', async () => {
    const opened = await browser.open();
    const { page } = opened;
    await openWithKey(page, url, '/threads/thread_unknown');
    const alert = page.getByRole('alert');
    assert.match(
      (await alert.textContent()) ?? '',
      /No thread found with id 'thread_unknown'.*HTTP 404.*req_/s,
    );
    await close(opened);
  });
});

/** A call of `python` that stops in the middle of its code until `gate`. */
function codePieces(code: string, gate: Promise<unknown>): Piece[] {
  const text = JSON.stringify({ code });
  const middle = Math.floor(text.length / 2);
  const call = (part: object) => ({ delta: { tool_calls: [{ index: 0, ...part }] } });
  return [
    call({ id: 'call_draw', type: 'function', function: { name: 'python', arguments: '' } }),
    call({ function: { arguments: text.slice(0, middle) } }),
    { gate },
    call({ function: { arguments: text.slice(middle) } }),
  ];
}

/** What a screen reader would call the focused element. */
const focused = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const element = document.activeElement;
    return element?.getAttribute('aria-label') ?? element?.textContent?.trim() ?? '';
  });

async function tabTo(page: Page, name: string, backwards = false): Promise<void> {
  for (let step = 0; step < 60; step += 1) {
    if ((await focused(page)) === name) return;
    await page.keyboard.press(backwards ? 'Shift+Tab' : 'Tab');
  }
  assert.fail(`Tab never reaches ${name}`);
}

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** By the rules of axe-core; injected by the debugger, since the page's own policy lets nothing in. */
async function seriousFaults(page: Page): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(await readFile(axe, 'utf8'));
  return page.evaluate(async () => {
    const { violations } = await (window as unknown as { axe: Axe }).axe.run();
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
  });
}

interface Axe {
  run(): Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }>;
}
