import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { ReportInput } from '../../src/model/report.ts';
import { htmlReport } from '../../src/report/html/report.ts';
import { htmlImageDifferences, htmlSheet } from '../../src/report/html/several.ts';
import { attribute, type Element, elementsOf, flawsOf, textOf } from './page-tree.ts';
import {
  comparisonOf,
  differenceOf,
  packageOf,
  sampleContents,
  sampleInput,
} from './sample-contents.ts';
import { sameImages, sampleDifferences } from './sample-differences.ts';
import { sampleFacts, sampleScorecard, twoPlatforms } from './sample-scorecard.ts';

const HOSTILE = `\u202e</td></script><script>alert(1)</script><img src=x onerror=alert(1)>"'\`&amp;\u0000\u001b[2J${'世'.repeat(5000)}`;
const odd: ReportInput = {
  scorecard: {
    ...sampleScorecard(sampleFacts(HOSTILE), HOSTILE),
    waivers: [{ criterion: 'no-shell', reason: HOSTILE }],
  },
  contents: [
    sampleContents({
      packages: [packageOf(HOSTILE, HOSTILE)],
      history: [{ created_by: HOSTILE }, { created_by: HOSTILE }],
      scan: {
        scanner: HOSTILE,
        scannerVersion: HOSTILE,
        suppressedByVex: 0,
        vulnerabilities: [
          { id: `CVE-2026-1"${HOSTILE}`, severity: 'high', package: HOSTILE, version: HOSTILE },
        ],
      },
    }),
  ],
};
const several: ReportInput = {
  scorecard: twoPlatforms(),
  contents: [sampleContents(), sampleContents({ platform: 'linux/arm64/v8' })],
};

const pages: readonly (readonly [string, string])[] = [
  ['a report', htmlReport(sampleInput())],
  ['two images, bit for bit', htmlImageDifferences(sampleDifferences())],
  ['hostile images, bit for bit', htmlImageDifferences(sampleDifferences(HOSTILE))],
  ['images that are the same', htmlImageDifferences(sameImages())],
  ['a report of the scorecard alone', htmlReport({ scorecard: sampleScorecard() })],
  ['a report of two platforms', htmlReport(several)],
  ['a report of hostile names', htmlReport(odd)],
  ['a comparison', htmlSheet(comparisonOf(sampleInput(), odd))],
  ['a difference', htmlSheet(differenceOf(odd, sampleInput()))],
];

const withClass = (all: readonly Element[], name: string): readonly Element[] =>
  all.filter((one) => attribute(one, 'class')?.split(' ').includes(name) === true);

describe.each(pages)('%s', (_name, page) => {
  const elements = elementsOf(page);

  test('is one file that loads nothing, each id once, every link within it leading somewhere', () => {
    expect(flawsOf(elements)).toEqual([]);
  });

  test('its policy lets its own style and script run, and nothing else', () => {
    const sources = ['style', 'script'].map((name) => {
      const found = elements.filter(({ tagName }) => tagName === name);
      expect(found).toHaveLength(1);
      const hash = createHash('sha256').update(found.map(textOf).join('')).digest('base64');
      return `${name}-src 'sha256-${hash}'`;
    });
    const policy = elements.find(
      (one) => attribute(one, 'http-equiv') === 'Content-Security-Policy',
    );
    expect(policy === undefined ? '' : attribute(policy, 'content')).toBe(
      `default-src 'none'; ${sources.join('; ')}; base-uri 'none'; form-action 'none'`,
    );
  });

  test('no control character, turned-around or over-long text of an image is in it', () => {
    expect(page).not.toMatch(
      /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/,
    );
    expect(page).not.toMatch(/世{2001}/);
  });

  test('has a title, a language, one main heading and headings that skip no level', () => {
    const levels = elements
      .flatMap(({ tagName }) => /^h([1-6])$/.exec(tagName)?.[1] ?? [])
      .map(Number);
    expect(levels.filter((level) => level === 1)).toHaveLength(1);
    levels.forEach((level, index) => {
      expect(level - (levels[index - 1] ?? 0)).toBeLessThanOrEqual(1);
    });
    expect(elements.find(({ tagName }) => tagName === 'html')?.attrs).toContainEqual({
      name: 'lang',
      value: 'en',
    });
    expect(elements.filter(({ tagName }) => tagName === 'title')).toHaveLength(1);
  });

  test('every header of a table says what it heads, every picture what it shows', () => {
    for (const one of elements) {
      if (one.tagName === 'th') expect(attribute(one, 'scope')).toMatch(/^(col|row|rowgroup)$/);
      if (attribute(one, 'role') === 'img') expect(attribute(one, 'aria-label')).not.toBe('');
    }
  });
});

describe('htmlReport', () => {
  const elements = elementsOf(htmlReport(sampleInput()));

  test('each criterion stands once in the table and once among the findings, linked to each other', () => {
    const count = sampleScorecard().criteria.length;
    expect(withClass(elements, 'chip')).toHaveLength(count);
    expect(withClass(elements, 'finding').map((one) => attribute(one, 'id'))).toEqual(
      expect.arrayContaining(sampleScorecard().criteria.map(({ id }) => `c-${id}`)),
    );
    expect(withClass(elements, 'finding')).toHaveLength(count);
  });

  test('of several platforms each has its row, its contents, and what came out otherwise there', () => {
    const other = twoPlatforms();
    const [first, second] = other.platforms;
    if (first === undefined || second === undefined) throw new Error('two platforms');
    const criteria = second.criteria.map((one) =>
      one.id === 'no-shell'
        ? { ...one, outcome: 'pass' as const, summary: 'no shell on arm' }
        : one,
    );
    const scorecard = { ...other, platforms: [first, { ...second, criteria }] };
    const all = elementsOf(htmlReport({ ...several, scorecard }));
    expect(withClass(all, 'platform')).toHaveLength(2);
    expect(all.find((one) => attribute(one, 'id') === 'p-1-no-shell')).toBeDefined();
    expect(withClass(all, 'finding')).toHaveLength(24);
  });

  test('ten thousand packages stay below 3 MB, and what is left out is counted', () => {
    const packages = Array.from({ length: 12_345 }, (_, i) =>
      packageOf(`some-package-name-${i}`, `${i}.0.0`),
    );
    const page = htmlReport(sampleInput({ packages }));
    expect(page.length).toBeLessThan(3_000_000);
    expect(page.match(/<tr><td>some-package-name-/g)).toHaveLength(10_000);
    expect(page).toContain('and 2,345 more packages');
  });

  test('a table of hostile names as long as they come stays bounded', () => {
    const packages = Array.from({ length: 3000 }, () =>
      packageOf('<'.repeat(70_000), '&'.repeat(70_000)),
    );
    expect(htmlReport(sampleInput({ packages })).length).toBeLessThan(8_000_000);
  });
});

describe('a scan that did not look at everything', () => {
  const scan = (gaps: readonly string[]) => ({
    scanner: 'OSV.dev',
    scannerVersion: 'API v1',
    suppressedByVex: 0,
    vulnerabilities: [],
    gaps,
  });
  const text = (gaps: readonly string[]): string =>
    htmlReport({
      scorecard: sampleScorecard(),
      contents: [sampleContents({ scan: scan(gaps) })],
    });

  test('says so, and does not say that none is known', () => {
    const page = text(['OSV has no data for <i>Exotic</i>']);
    expect(page).toContain(
      'Not everything was checked: OSV has no data for &lt;i&gt;Exotic&lt;/i&gt;.',
    );
    expect(page).toContain('None found.');
    expect(page).not.toContain('None known.');
    expect(flawsOf(elementsOf(page))).toEqual([]);
  });

  test('ok-one that did', () => {
    expect(text([])).toContain('None known.');
    expect(text([])).not.toContain('Not all was looked at');
  });
});
