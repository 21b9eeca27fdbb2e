import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { judgeImage } from '../../src/criteria/catalogue.ts';
import { sampleContents } from '../report/sample-contents.ts';
import { sampleFacts } from '../report/sample-scorecard.ts';
import { openStand, type Stand } from '../service/pages-stand.ts';
import { addGrade, addOpenAsks, FAILED, NOW, RUNNING, SHOWN } from '../service/sample-fleet.ts';
import { Chromium } from './chromium.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const HOSTILE = `</script><img src=//evil.example/x onerror=alert(1)>\u001b[31m\u202egnp.exe${'long '.repeat(2000)}`;

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly target: readonly string[] }[];
}

let browser: Chromium;
beforeAll(() => {
  browser = new Chromium();
});
afterAll(async () => {
  await browser.close();
});

/** Faults that keep people from reading a page, with where they are. */
async function faults(): Promise<readonly string[]> {
  await browser.value(`${AXE}; 0`);
  const found = await browser.value('axe.run(document).then(({ violations }) => violations)');
  return (found as readonly Violation[])
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`);
}

const repository = `registry.example.com/${SHOWN.repository}`;
const FEW = {
  images: '/',
  'an image': `/images/${repository}:latest`,
  'a repository': `/repositories/${repository}`,
  'a comparison': `/compare?a=${repository}:latest&b=${repository}:slim`,
};
const PAGES: readonly (readonly [count: number, pages: Readonly<Record<string, string>>])[] = [
  [0, { images: '/' }],
  [1, FEW],
  [
    50,
    {
      ...FEW,
      'a search': '/?level=3&q=api&registry=ghcr.io',
      'nothing found': '/?q=nothing-like-this',
      'a comparison of what is not there': '/compare?a=nothing',
      'an image that is graded now': `/images/ghcr.io/${RUNNING.repository}:1`,
      'an image whose grade failed': `/images/ghcr.io/${FAILED.repository}:1`,
      'a hostile image': `/images/${repository}:hostile`,
      'an unknown image': '/images/ghcr.io/nobody/asked:1',
      'an address without a page': '/nowhere',
    },
  ],
  [5000, FEW],
];

const VIEWS = [
  [390, 'light'],
  [390, 'dark'],
  [820, 'light'],
  [1920, 'dark'],
] as const;

describe.each(PAGES)('%i images', (count, pages) => {
  let stand: Stand;
  beforeAll(async () => {
    stand = await openStand(count);
    if (count === 0) return;
    const packages = { report: { contents: [sampleContents()] } };
    const made = { level: 3, gradedAt: NOW - 60_000, builtAt: NOW - 86_400_000 };
    await addGrade(stand, SHOWN, { ...made, ...packages });
    if (count !== 50) return;
    await addOpenAsks(stand, HOSTILE);
    const criteria = judgeImage(sampleFacts(HOSTILE));
    await addGrade(stand, { ...SHOWN, tag: 'hostile' }, { ...made, criteria });
  });
  afterAll(() => stand.close());

  test.each(Object.entries(pages))('%s: whole, in its window, for everyone', async (_, path) => {
    for (const [width, scheme] of VIEWS) {
      await browser.visit(`${stand.url}${path}`, width, scheme);
      const where = `${width} ${scheme}`;
      const isThere = !/nowhere|nobody/.test(path);
      expect(isThere ? browser.complaints() : [], where).toEqual([]);
      const wider = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
      expect(await browser.value(wider), where).toBe(0);
      expect(await faults(), where).toEqual([]);
      const other = browser.requests().filter((one) => !one.startsWith(stand.url));
      expect(other.filter((one) => !one.startsWith('data:'))).toEqual([]);
    }
  });

  test.runIf(count === 50)('is read by keyboard, and without scripts', async () => {
    await browser.visit(`${stand.url}/`, 820, 'light');
    const press = async (key: string): Promise<void> => {
      for (const type of ['keyDown', 'keyUp'])
        await browser.send('Input.dispatchKeyEvent', {
          ...{ type, key, code: key, windowsVirtualKeyCode: key === 'Tab' ? 9 : 13 },
          ...(key === 'Enter' && type === 'keyDown' ? { text: '\r' } : {}),
        });
    };
    await press('Tab');
    expect(await browser.value('document.activeElement.textContent')).toBe('Skip to the content');
    await press('Enter');
    await browser.until("document.activeElement.id === 'main'");
    await browser.send('Emulation.setScriptExecutionDisabled', { value: true });
    await press('Tab');
    await press('Enter');
    // The address changes before the page is read to its end.
    const rows = "document.querySelectorAll('.images tbody tr').length";
    await browser.until(`location.search === '?level=5' && document.readyState === 'complete'`);
    expect(await browser.value(rows)).toBe(4);
  });
});
