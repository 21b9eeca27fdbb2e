import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import { nextSteps } from '../../src/criteria/next-steps.ts';
import type { CriterionResult } from '../../src/model/criterion.ts';
import { criterionLine, terminalReport } from '../../src/report/terminal.ts';
import { fitted, padded, textWidth, wrapped } from '../../src/report/text-width.ts';
import { EVIDENCE } from './evidence-rows.ts';
import { sampleFacts, sampleScorecard, twoPlatforms } from './sample-scorecard.ts';

const PLAIN = { color: false, unicode: true };
const EDITS = {
  text: '7 edits',
  cost: 'seconds' as const,
  criteria: ['nonroot-user', 'no-secrets'],
  command: 'scoville fix app',
};
const linesOf = (text: string) => text.split('\n');

function reportOf(scorecard = sampleScorecard(), edits: typeof EDITS | null = EDITS) {
  return { scorecard, steps: nextSteps(scorecard, { ready: edits === null ? [] : [edits] }) };
}

describe('terminalReport', () => {
  test('without edits at hand nothing names scoville fix', () => {
    expect(terminalReport(reportOf(sampleScorecard(), null), PLAIN)).not.toContain('scoville fix');
  });

  test('names a reason once, however many checks share it', () => {
    const scorecard = sampleScorecard();
    const criteria = scorecard.criteria.map((one) =>
      one.vector === 'vulnerabilities'
        ? { ...one, outcome: 'unknown' as const, summary: 'no scan', settle: 'scan IMAGE' }
        : one,
    );
    const text = terminalReport(reportOf({ ...scorecard, criteria }), PLAIN);
    expect(text.match(/no scan/g)).toEqual(['no scan']);
    expect(text).toContain(' ? no-critical +3       no scan');
    expect(text).toContain('Vulnerabilities not checked');
  });

  test('unchanged: one line and how to see the rest, unless every check is asked for', () => {
    const report = { ...reportOf(), unchanged: true };
    expect(terminalReport(report, { ...PLAIN, width: 100 })).toBe(
      ` ✔ registry.example.com/app:1  sha256:${sampleScorecard().digest.slice(7, 19)}  level 0, grade D (unchanged)\n Next step: scoville fix app\n Details: scoville report registry.example.com/app:1, scoville explain ID\n`,
    );
    expect(linesOf(terminalReport(report, { ...PLAIN, verbose: true })).length).toBeGreaterThan(23);
  });

  test.each([40, 60, 80, 120])('fits into %i columns', (width) => {
    const wide = sampleFacts(
      'opt/世界世界世界世界世界世界世界世界世界世界世界世界世界世界世界世界/sh',
    );
    for (const card of [sampleScorecard(), sampleScorecard(wide, '世'.repeat(200)), twoPlatforms()])
      for (const unicode of [true, false])
        for (const unchanged of [true, false]) {
          // A command is never cut: it is there to be pasted.
          const report = { ...reportOf(card), steps: [], unchanged };
          for (const line of linesOf(terminalReport(report, { width, color: false, unicode })))
            expect(textWidth(line)).toBeLessThanOrEqual(width);
        }
  });

  test('without unicode it is ASCII', () => {
    const text = terminalReport(reportOf(), { color: false, unicode: false, width: 120 });
    expect(text).toMatch(/^[\n\u0020-\u007e]*$/);
  });

  test('color changes nothing but color', () => {
    const colored = terminalReport(reportOf(), { color: true, unicode: true });
    expect(colored).toContain('\u001b[');
    expect(colored.replace(/\u001b\[\d+m/g, '')).toBe(terminalReport(reportOf(), PLAIN));
  });

  test('nothing from the image reaches the terminal raw', () => {
    const hostile = 'x\u001b[2J\u0007\u009b31m\u202egnp.\u200b\n\u0000/sh';
    const card = sampleScorecard(sampleFacts(hostile), `a${hostile}`);
    for (const verbose of [true, false])
      expect(terminalReport(reportOf(card), { ...PLAIN, verbose })).not.toMatch(
        /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u200b]/,
      );
  });
});

const result = (given: Partial<CriterionResult>): CriterionResult => ({
  id: 'no-shell',
  title: 'No shell',
  vector: 'minimalism',
  level: 3,
  outcome: 'fail',
  summary: '1 shell: bin/sh',
  source: 'image',
  evidence: [{ kind: 'note', text: 'seen' }],
  remedies: [],
  ...given,
});

test.each(EVIDENCE.lines)('%s', (_name, given, line) => {
  expect(criterionLine(result(given))).toBe(line);
});

test.each([
  ['abc', 3],
  ['世界', 4],
  ['e\u0301', 1],
  ['😀', 2],
  ['', 0],
  ['👨‍👩‍👧', 2],
  ['🇩🇪', 2],
  ['👍🏽', 2],
  ['❤️', 2],
  ['✅', 2],
  ['a​b', 2],
])('%s takes %i columns', (text, width) => {
  expect(textWidth(text)).toBe(width);
});

test('a character that is measured by itself joins with none', () => {
  for (let code = 0x20; code < 0x3000; code += 1)
    for (const other of ['a', '\u2194', '─', '\ufe0f']) {
      const text = String.fromCharCode(code) + other;
      expect([text, textWidth(text)]).toEqual([text, stringWidth(text)]);
    }
});

test('cuts and fills', () => {
  expect([
    fitted('abcdef', 4, '…'),
    fitted('abc', 3, '…'),
    fitted('世界世', 4, '…'),
    fitted('abc', 0, '…'),
  ]).toEqual(['abc…', 'abc', '世…', '']);
  expect([padded('ab', 4), padded('世', 3), padded('abc', 2)]).toEqual(['ab  ', '世 ', 'abc']);
});

test('breaks at spaces', () => {
  expect(wrapped('one two three', 7)).toEqual(['one two', 'three']);
});

test('nothing is wider than asked', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme' }),
      fc.integer({ min: 1, max: 60 }),
      (text, columns) => {
        expect(textWidth(fitted(text, columns, '…'))).toBeLessThanOrEqual(columns);
        for (const line of wrapped(text, columns))
          expect(textWidth(line)).toBeLessThanOrEqual(columns);
      },
    ),
  );
});
