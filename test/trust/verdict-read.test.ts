import { describe, expect, test } from 'vitest';
import { DEFAULT_SETTINGS } from '../../src/config/schema.ts';
import {
  readSummary,
  readTestResult,
  verdictPolicy,
  verificationSummary,
} from '../../src/trust/verdict.ts';

describe('readSummary', () => {
  test('reads what this tool writes', () => {
    const written = verificationSummary(
      { level: 3, criteria: [] },
      {
        toolVersion: '1',
        gradedAt: '2026-11-24T00:00:00Z',
        resourceUri: 'pkg:oci/x',
        gateMet: true,
        policy: verdictPolicy(DEFAULT_SETTINGS),
      },
    );
    expect(readSummary(written)).toEqual({
      level: 3,
      passed: true,
      timeVerified: '2026-11-24T00:00:00Z',
      verifier: 'pkg:npm/scoville',
    });
  });

  test('level 0 is a level, a missed gate is none', () => {
    expect(
      readSummary({ verificationResult: 'PASSED', verifiedLevels: ['CHPS_LEVEL_0'] }).level,
    ).toBe(0);
    expect(readSummary({ verificationResult: 'FAILED', verifiedLevels: ['FAILED'] })).toMatchObject(
      {
        level: undefined,
        passed: false,
      },
    );
  });

  test.each([
    undefined,
    'x',
    [],
    { verifiedLevels: 'CHPS_LEVEL_5' },
    { verifiedLevels: [5, 'CHPS_LEVEL_9'] },
  ])('of %j nothing is taken', (predicate) => {
    expect(readSummary(predicate)).toEqual({
      level: undefined,
      passed: false,
      timeVerified: '',
      verifier: '',
    });
  });
});

test('readTestResult counts', () => {
  expect(
    readTestResult({
      result: 'WARNED',
      passedTests: ['a', 'b'],
      warnedTests: ['c'],
      failedTests: 1,
    }),
  ).toEqual({ result: 'WARNED', passed: 2, warned: 1, failed: 0 });
});
