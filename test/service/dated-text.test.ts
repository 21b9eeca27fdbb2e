import { expect, test } from 'vitest';
import { datedText, type GradeTimes, undatedText } from '../../src/service/dated-text.ts';

const builtAt = new Date('2026-02-20T06:30:00Z');

function on(day: string): GradeTimes {
  return {
    gradedAt: new Date(`${day}T08:00:00Z`),
    advisoriesAt: new Date(`${day}T07:59:59Z`),
    builtAt,
  };
}

function says(day: string, age: string): string {
  return JSON.stringify({
    scorecard: [
      { summary: age },
      { summary: `no high CVE, says OSV.dev as of ${day}` },
      { text: `OSV.dev API v1, database of ${day}T07:59:59.000Z` },
      { text: `created ${builtAt.toISOString()}` },
      { text: 'hostile \x01 \x02 \x03 text' },
    ],
  });
}

test.each([
  ['2026-02-20', 'built today'],
  ['2026-02-21', 'built 1 day ago'],
  ['2026-03-12', 'built 20 days ago'],
  ['2027-02-20', 'built 365 days ago, more than 30'],
])('a scorecard of %s comes back as it was', (day, age) => {
  const text = says(day, age);
  expect(datedText(undatedText(text, on(day)), on(day))).toBe(text);
});

test('of two days that found the same, there is one document', () => {
  const [a, b] = [
    ['2026-03-12', 'built 20 days ago'],
    ['2026-03-13', 'built 21 days ago'],
  ].map(([day = '', age = '']) => undatedText(says(day, age), on(day)));
  expect(a).toBe(b);
  expect(a).not.toContain('2026-03-1');
  // What changed by more than the day stays another.
  expect(undatedText(says('2026-03-13', 'built 9 days ago'), on('2026-03-13'))).not.toBe(a);
});

test('without dates, nothing is replaced', () => {
  const text = says('2026-03-12', 'built 20 days ago');
  const times = { gradedAt: new Date('2026-03-12T08:00:00Z') };
  expect(undatedText(text, times)).toBe(text);
  expect(datedText(text, times)).toBe(text);
});
