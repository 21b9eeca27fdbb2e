import type { Log } from 'sarif';
import { describe, expect, test } from 'vitest';
import { junitReport } from '../../src/report/ci.ts';
import { htmlReport } from '../../src/report/html/report.ts';
import { jsonReport } from '../../src/report/json.ts';
import { markdownReport } from '../../src/report/markdown.ts';
import { sarifReport } from '../../src/report/sarif.ts';
import { terminalReport } from '../../src/report/terminal.ts';
import { sampleScorecard } from './sample-scorecard.ts';
import { validate } from './sarif-schema.ts';
import { xmlElements } from './xml-form.ts';

const whole = sampleScorecard();
const part = {
  ...whole,
  notGraded: [
    { platform: 'linux/arm64', reason: 'not-held' },
    { platform: 'evil\u001b[31m\u202e<b>/x', reason: 'not-listed' },
  ] as const,
};
const terminal = { width: 100, color: false, unicode: true };

describe('a platform that could not be judged', () => {
  test.each([
    [
      'the terminal',
      terminalReport({ scorecard: part }, terminal),
      terminalReport({ scorecard: whole }, terminal),
    ],
    ['Markdown', markdownReport({ scorecard: part }), markdownReport({ scorecard: whole })],
    ['HTML', htmlReport({ scorecard: part }), htmlReport({ scorecard: whole })],
  ])('is told in %s, and nothing else moves the reader', (_name, told, plain) => {
    expect(told).toContain('Not graded, so that the score does not speak of it');
    expect(told).toMatch(/linux\/arm64: the index lists it/);
    expect(told).not.toMatch(/\u001b|\u202e/);
    expect(plain).not.toContain('Not graded');
  });

  test('is text in HTML', () => {
    expect(htmlReport({ scorecard: part })).not.toContain('<b>/x');
  });

  test('is a field of the JSON, which is not there otherwise', () => {
    expect(JSON.parse(jsonReport(part))).toMatchObject({ notGraded: part.notGraded });
    expect(jsonReport(whole)).not.toContain('notGraded');
  });

  test('is an error of JUnit', () => {
    const text = junitReport([part]);
    expect(text).toContain('<testcase name="linux/arm64"');
    expect(text).toMatch(/<error type="unknown" message="linux\/arm64: the index lists it/);
    expect(xmlElements(text).filter((name) => name === 'testsuite')).toHaveLength(5);
    const tests = whole.criteria.length + 2;
    expect(text).toContain(`<testsuites name="scoville" tests="${tests}"`);
  });

  test('has its digest for a name in JUnit where the index names none', () => {
    const platform = `sha256:${'a'.repeat(64)}`;
    const text = junitReport([{ ...whole, notGraded: [{ platform, reason: 'not-held' }] }]);
    expect(text).toContain(`<testcase name="${platform}" classname=`);
  });

  test('makes a run of SARIF one that did not succeed', () => {
    const log = JSON.parse(sarifReport([{ scorecard: part }])) as Log;
    expect(validate(log)).toBe(true);
    const [invocation] = log.runs[0]?.invocations ?? [];
    expect(invocation?.executionSuccessful).toBe(false);
    expect(invocation?.toolExecutionNotifications).toHaveLength(2);
  });
});
