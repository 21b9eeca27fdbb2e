import { objectOf } from '../model/json-value.ts';
import { listOf, textOf } from './untrusted-json.ts';

export interface StatedLevel {
  /** Highest n of `CHPS_LEVEL_n`; undefined where it states none. */
  readonly level: number | undefined;
  readonly passed: boolean;
  /** RFC 3339, as stated; empty where it is not. */
  readonly timeVerified: string;
  readonly verifier: string;
}

/** Reads a v0.2 or v1 slsa.dev/spec/v1.0/verification_summary; what is not stated is left empty. */
export function readSummary(predicate: unknown): StatedLevel {
  const summary = objectOf(predicate);
  const levels = listOf(summary['verifiedLevels'], 100).flatMap((entry) => {
    const digit = /^CHPS_LEVEL_([0-5])$/.exec(textOf(entry, 100) ?? '')?.[1];
    return digit === undefined ? [] : [Number(digit)];
  });
  const result = summary['verificationResult'] ?? summary['verification_result'];
  return {
    level: levels.length === 0 ? undefined : Math.max(...levels),
    passed: result === 'PASSED',
    timeVerified: textOf(summary['timeVerified'] ?? summary['time_verified'], 64) ?? '',
    verifier: textOf(objectOf(summary['verifier'])['id'], 1000) ?? '',
  };
}

/** How many tests a result says passed, warned and failed (in-toto/attestation, test-result.md). */
interface StatedTests {
  readonly result: string;
  readonly passed: number;
  readonly warned: number;
  readonly failed: number;
}

export function readTestResult(predicate: unknown): StatedTests {
  const test = objectOf(predicate);
  const count = (field: string): number => listOf(test[field], 10_000).length;
  return {
    result: textOf(test['result'], 20) ?? '',
    passed: count('passedTests'),
    warned: count('warnedTests'),
    failed: count('failedTests'),
  };
}
