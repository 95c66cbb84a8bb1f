import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

import { findChromium, NO_CHROMIUM } from '../../local/setup/chromium.mjs';

const path = findChromium();

/** For the option `skip` of tests that need a browser. */
export const withoutBrowser: string | false = path === undefined ? NO_CHROMIUM : false;

export interface TestBrowser extends AsyncDisposable {
  /** A page in a profile of its own. What goes wrong in it is in `faults`. */
  open(options?: BrowserContextOptions): Promise<Opened>;
  /** What a test that failed has left open. */
  closeAll(): Promise<void>;
}

export interface Opened {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Exceptions, refusals of the page's policy, and dialogs that a script opened. */
  readonly faults: string[];
}

/** One browser for a whole file: starting it is what costs. */
export async function startBrowser(): Promise<TestBrowser> {
  const browser = await chromium.launch({
    ...(path === undefined ? {} : { executablePath: path }),
    // Its own services are of no use here, and a closed network makes them wait.
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
    downloadsPath: mkdtempSync(join(tmpdir(), 'downloads-')),
  });
  return {
    async open(options = {}) {
      const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
      const page = await context.newPage();
      page.setDefaultTimeout(20_000);
      const faults: string[] = [];
      page.on('pageerror', (error) => faults.push(String(error.stack ?? error)));
      page.on('dialog', (dialog) => {
        if (dialog.type() !== 'confirm') faults.push(`A dialog: ${dialog.message()}`);
        void dialog.accept().catch(() => undefined); // The page may be gone.
      });
      page.on('console', (message) => {
        if (/Content Security Policy|TrustedHTML|Trusted Type/.test(message.text()))
          faults.push(message.text());
      });
      return { page, context, faults };
    },
    closeAll: async () => {
      for (const context of browser.contexts()) await context.close();
    },
    [Symbol.asyncDispose]: () => browser.close(),
  };
}
