import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { junitReport } from '../../src/report/ci.ts';
import { sampleFacts, sampleScorecard, twoPlatforms } from './sample-scorecard.ts';
import { xmlElements } from './xml-form.ts';

const lineOf = (text: string, id: string): string =>
  text.split('    <testcase ').find((line) => line.startsWith(`name="${id}:`)) ?? '';

describe('junitReport', () => {
  const text = junitReport([sampleScorecard()]);

  test('a suite for each vector and a case for each criterion, counted', () => {
    const names = xmlElements(text);
    expect(names.filter((name) => name === 'testsuite')).toHaveLength(4);
    expect(names.filter((name) => name === 'testcase')).toHaveLength(
      sampleScorecard().criteria.length,
    );
    const outcomes = sampleScorecard().criteria.map(({ outcome }) => outcome);
    const failed = outcomes.filter((one) => one === 'fail').length;
    const unknown = outcomes.filter((one) => one === 'unknown').length;
    expect(text).toContain(
      `<testsuites name="scoville" tests="${outcomes.length}" failures="${failed - 1}" errors="${unknown}" skipped="1">`,
    );
  });

  test('fail is a failure, unknown an error that says how to check it, a waiver a skipped case with its reason', () => {
    expect(lineOf(text, 'no-secrets')).toMatch(
      /<failure type="fail" message="1 secret[^"]*">root\/id_rsa/,
    );
    expect(lineOf(text, 'reproducible')).toMatch(
      /<error type="unknown" message="[^"]*">[^<]*to check: gather it/,
    );
    expect(lineOf(text, 'no-shell')).toContain(
      '<skipped message="waived: the entry point needs it; fail: 1 shell: bin/sh"/>',
    );
    expect(lineOf(text, 'nonroot-user')).toContain('<system-out>');
  });

  test('a waiver that has run out skips nothing', () => {
    const late = junitReport([{ ...sampleScorecard(), gradedAt: '2027-01-01T00:00:00Z' }]);
    expect(lineOf(late, 'no-shell')).toContain('<failure type="fail"');
    const lastDay = junitReport([{ ...sampleScorecard(), gradedAt: '2026-12-31T23:59:59Z' }]);
    expect(lineOf(lastDay, 'no-shell')).toContain('<skipped');
  });

  test('each platform and each image has suites of its own', () => {
    const several = junitReport([twoPlatforms(), sampleScorecard()]);
    expect(several).toContain('<testsuite name="app / linux/arm64/v8 / Provenance"');
    expect(xmlElements(several).filter((name) => name === 'testsuite')).toHaveLength(12);
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
