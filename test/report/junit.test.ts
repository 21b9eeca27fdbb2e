import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { junitReport } from '../../src/report/ci.ts';
import { sampleFacts, sampleScorecard } from './sample-scorecard.ts';
import { xmlElements } from './xml-form.ts';

const lineOf = (text: string, id: string): string =>
  text.split('    <testcase ').find((line) => line.startsWith(`name="${id}:`)) ?? '';

describe('junitReport', () => {
  test('a waiver that has run out skips nothing', () => {
    const late = junitReport([{ ...sampleScorecard(), gradedAt: '2027-01-01T00:00:00Z' }]);
    expect(lineOf(late, 'no-shell')).toContain('<failure type="fail"');
    const lastDay = junitReport([{ ...sampleScorecard(), gradedAt: '2026-12-31T23:59:59Z' }]);
    expect(lineOf(lastDay, 'no-shell')).toContain('<skipped');
  });

  test('whatever an image is called and holds, it is well-formed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (name) => {
        const card = sampleScorecard(sampleFacts(`${name}/sh`), `${name}]]><![CDATA[\ufffe`);
        expect(xmlElements(junitReport([card])).at(-1)).toBe('/testsuites');
      }),
      { numRuns: 40 },
    );
  });
});
