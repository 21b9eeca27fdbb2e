import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { words } from '../fakes/table.ts';
import { Chromium } from './chromium.ts';
import { output, ROOT } from './harness.ts';
import { serveFolder } from './static-server.ts';

const SITE = join(ROOT, 'site/dist');

let browser: Chromium;
let server: Awaited<ReturnType<typeof serveFolder>>;
beforeAll(async () => {
  // Fails on dead links and on what a page loads from another host.
  await output('npm', ['run', '--silent', 'docs']);
  server = await serveFolder(SITE);
  browser = new Chromium();
});
afterAll(async () => {
  await browser.close();
  server.close();
});

/** The requests of the page that were for another host than the site's. */
function outside(): readonly string[] {
  return browser.requests().filter((url) => !/^data:/.test(url) && !url.startsWith(server.address));
}

const PAGES = words(`
  / /overview /tutorials/first-image /reference/commands/build /criteria/no-secrets /comparison
`);

describe.each(PAGES)('%s', (path) => {
  test.each([
    [1280, 'light'],
    [1280, 'dark'],
    [390, 'light'],
    [390, 'dark'],
  ] as const)('%i pixels, %s: asks no other host, fits, says nothing', async (width, scheme) => {
    await browser.visit(`${server.address}${path}`, width, scheme);
    await browser.until(
      'document.querySelector("#app")?.__vue_app__ !== undefined && document.readyState === "complete"',
    );
    // What the page asks for once its script runs.
    await browser.idle();
    expect(outside()).toEqual([]);
    expect(browser.complaints()).toEqual([]);
    expect(await browser.value("document.querySelector('h1') !== null")).toBe(true);
    expect(
      await browser.value(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      ),
    ).toBeLessThanOrEqual(0);
    expect(await browser.value("document.documentElement.classList.contains('dark')")).toBe(
      scheme === 'dark',
    );
  });
});

test('search finds a page, and asks no host for it', async () => {
  await browser.visit(`${server.address}/`, 1280, 'light');
  await browser.value("document.querySelector('#local-search button').click()");
  await browser.until("document.querySelector('.VPLocalSearchBox input') !== null");
  await browser.value(`{
    const input = document.querySelector('.VPLocalSearchBox input');
    input.value = 'no-shell';
    input.dispatchEvent(new Event('input', { bubbles: true }));
  }`);
  await browser.until("document.querySelectorAll('.VPLocalSearchBox .result').length > 0");
  const found = await browser.value(
    "[...document.querySelectorAll('.VPLocalSearchBox .result')].map((one) => one.getAttribute('href')).join(' ')",
  );
  expect(found).toMatch(/\/criteria\/no-shell/);
  expect(outside()).toEqual([]);
});

test('files of the repository that pages link to are there', () => {
  for (const file of ['LICENSE', 'action.yml', 'schema/scorecard-1.json'])
    expect([file, existsSync(join(SITE, 'files', file))]).toEqual([file, true]);
});
