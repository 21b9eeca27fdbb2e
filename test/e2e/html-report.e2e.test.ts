import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { htmlReport } from '../../src/report/html/report.ts';
import { htmlImageDifferences, htmlSheet } from '../../src/report/html/several.ts';
import { comparisonOf, differenceOf, packageOf, sampleInput } from '../report/sample-contents.ts';
import { sampleDifferences } from '../report/sample-differences.ts';
import { sampleFacts, sampleScorecard } from '../report/sample-scorecard.ts';
import { Chromium } from './chromium.ts';

const HOSTILE = `</script><script>document.title='taken'</script><img src=https://evil.example/x onerror=alert(1)>\u202e${'long'.repeat(500)}`;
const odd = { ...sampleInput(), scorecard: sampleScorecard(sampleFacts(HOSTILE), HOSTILE) };
const many = sampleInput({
  packages: Array.from({ length: 12_000 }, (_, i) =>
    packageOf(`package-${i}`, `${12_000 - i}.0.0`),
  ),
});
const pages = {
  report: htmlReport(sampleInput()),
  'hostile report': htmlReport(odd),
  'big report': htmlReport(many),
  comparison: htmlSheet(comparisonOf(sampleInput(), odd, sampleInput())),
  difference: htmlSheet(differenceOf(odd, sampleInput())),
  'hostile images, bit for bit': htmlImageDifferences(sampleDifferences(HOSTILE)),
};

let browser: Chromium;
beforeAll(() => {
  browser = new Chromium();
});
afterAll(async () => {
  await browser.close();
});

/** `rgb(...)` of a custom property's six hex digits. */
function rgb(hex: string): string {
  const part = (from: number): number => Number.parseInt(hex.slice(from, from + 2), 16);
  return `rgb(${part(1)}, ${part(3)}, ${part(5)})`;
}

describe.each(Object.entries(pages))('%s in a browser', (_name, page) => {
  test.each([
    [1280, 'light', '#faf8f4'],
    [400, 'light', '#faf8f4'],
    [400, 'dark', '#171512'],
  ] as const)(
    '%i pixels, %s: nothing is loaded, refused or wider than the window',
    async (width, scheme, ground) => {
      await browser.open(page, width, scheme);
      expect(browser.complaints()).toEqual([]);
      expect(browser.requests()).toHaveLength(1);
      expect(
        await browser.value(
          'document.documentElement.scrollWidth - document.documentElement.clientWidth',
        ),
      ).toBe(0);
      expect(await browser.value('getComputedStyle(document.body).backgroundColor')).toBe(
        rgb(ground),
      );
      expect(await browser.value('document.title')).not.toBe('taken');
      const shot = await browser.send('Page.captureScreenshot', { format: 'png' });
      expect(String(shot['data']).length).toBeGreaterThan(10_000);
    },
  );
});

test('what is not the page’s own is refused, and the browser says so', async () => {
  const more = '<script>document.title = "taken"</script><img src="https://evil.example/x">';
  await browser.open(pages.report.replace('<main>', `${more}<main>`), 1280, 'light');
  expect(browser.complaints().join('\n')).toMatch(/Content Security Policy/);
  expect(await browser.value('document.title')).toBe('registry.example.com/app:1: level 0, D');
});

describe('the page’s script', () => {
  test('opens the finding that is linked to', async () => {
    await browser.open(pages.report, 1280, 'light', '#c-no-shell');
    expect(await browser.value("document.getElementById('c-no-shell').open")).toBe(true);
    expect(await browser.value("document.querySelectorAll('.finding[open]').length")).toBe(1);
    await browser.value('document.querySelector(\'a[href="#c-signed"]\').click()');
    await browser.until("document.getElementById('c-signed').open");
  });

  test('finds among ten thousand packages and sorts them by number, not by letter', async () => {
    await browser.open(pages['big report'], 1280, 'light');
    const rows =
      "[...document.querySelectorAll('table[data-table=packages] tbody tr:not([hidden])')]";
    const search =
      "[...document.querySelectorAll('.search')].find((one) => one.textContent.includes('packages'))";
    await browser.value(
      `(() => { const field = ${search}.querySelector('input'); field.value = 'package-777'; field.dispatchEvent(new Event('input')); })()`,
    );
    await browser.until(`${search}.querySelector('output').textContent === ' 11 of 10000'`);
    expect(await browser.value(`${rows}.length`)).toBe(11);
    const version = "document.querySelectorAll('table[data-table=packages] th')[1]";
    await browser.value(`${version}.querySelector('button').click()`);
    expect(await browser.value(`${version}.getAttribute('aria-sort')`)).toBe('ascending');
    expect(
      await browser.value(`${rows}.map((row) => row.cells[0].textContent).slice(0, 2)`),
    ).toEqual(['package-7779', 'package-7778']);
    expect(browser.complaints()).toEqual([]);
  });

  test('shows the packages that have a vulnerability of one severity alone', async () => {
    await browser.open(pages.report, 1280, 'light');
    const shown =
      "[...document.querySelectorAll('table[data-table=vulnerabilities] tbody tr:not([hidden])')].map((row) => row.cells[1].textContent)";
    const press = (name: string): Promise<unknown> =>
      browser.value(
        `[...document.querySelectorAll('.filter button')].find((one) => one.textContent === '${name}').click()`,
      );
    expect(await browser.value(shown)).toEqual(['pino', 'hono']);
    await press('low');
    expect(await browser.value(shown)).toEqual(['hono']);
    await press('all');
    expect(await browser.value(shown)).toEqual(['pino', 'hono']);
  });

  test('names the cells of a row where the page is narrow', async () => {
    await browser.open(pages.report, 390, 'light');
    expect(
      await browser.value(
        "document.querySelector('table[data-table=vulnerabilities] tbody td').dataset.name",
      ),
    ).toBe('Worst');
    expect(await browser.value('document.documentElement.scrollWidth')).toBe(390);
  });

  test('on paper the findings unfold, and are folded again', async () => {
    await browser.open(pages.report, 1280, 'dark');
    const open = "document.querySelectorAll('.finding[open]').length";
    await browser.value("dispatchEvent(new Event('beforeprint'))");
    expect(await browser.value(open)).toBe(sampleScorecard().criteria.length);
    await browser.value("dispatchEvent(new Event('afterprint'))");
    expect(await browser.value(open)).toBe(0);
    const { data } = await browser.send('Page.printToPDF', { printBackground: true });
    expect(Buffer.from(String(data), 'base64').subarray(0, 5).toString()).toBe('%PDF-');
  });
});
