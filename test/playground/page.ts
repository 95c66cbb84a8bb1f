import type { Locator, Page } from 'playwright-core';

/** What people do in the playground, for tests that do it. */
export async function signIn(page: Page, url: string, key = 'KEY-A'): Promise<void> {
  await page.goto(`${url}/`);
  await page.getByLabel('API key').fill(key);
  await page.getByRole('button', { name: 'Open' }).click();
  await page.getByRole('navigation').waitFor();
}

/** By the address that `npm start` prints; `place` is what follows the hash. */
export async function openWithKey(page: Page, url: string, place = '', key = 'KEY-A'): Promise<void> {
  await page.goto(`${url}/#key=${encodeURIComponent(key)}`);
  await page.locator('nav.sidebar').waitFor({ state: 'attached' });
  if (place !== '') await goTo(page, place);
}

/** `/files`, `/threads/thread_…`: what the address has behind its hash. */
export const goTo = (page: Page, place: string): Promise<void> =>
  page.evaluate((hash) => {
    location.hash = hash;
  }, place);

export async function ask(page: Page, text: string): Promise<void> {
  await page.getByLabel('Your question').fill(text);
  await page.getByRole('button', { name: 'Run', exact: true }).click();
}

export const lastRun = (page: Page): Locator => page.locator('.run').last();

/** The last run's end in that status. */
export async function ended(page: Page, status = 'completed'): Promise<void> {
  await lastRun(page).locator(`.status-${status}`).waitFor({ timeout: 60_000 });
}
