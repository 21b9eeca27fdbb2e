import { objectOf } from '../model/json-value.ts';
import { listOf, textOf } from './untrusted-json.ts';
import type { TestResult } from './verdict.ts';

/** The configuration that marks a test result as that of a second build. */
const CONFIGURATION = 'reproduction';
const TEST = 'same-image-manifests';
const MOST_NAMED = 1000;

interface ReproductionResult {
  readonly reproducible: boolean;
  /** What differs, one line each; empty where nothing does. */
  readonly differences: readonly string[];
  /** What it was built from, where that was fetched again. */
  readonly source?: { readonly url: string; readonly revision: string };
}

/**
 * The outcome of a second, uncached build as an in-toto test result (in-toto/attestation,
 * spec/predicates/test-result.md): one test, and each difference as a failed one beside it. The
 * configuration names the tool, and the source where it was fetched for this.
 */
export function reproductionStatement(
  { reproducible, differences, source }: ReproductionResult,
  tool: { readonly uri: string; readonly version: string },
): TestResult {
  return {
    result: reproducible ? 'PASSED' : 'FAILED',
    configuration: [
      { name: CONFIGURATION, uri: `${tool.uri}@${tool.version}` },
      ...(source === undefined
        ? []
        : [
            {
              name: 'source',
              uri: `git+${source.url}@${source.revision}`,
              digest: { gitCommit: source.revision },
            },
          ]),
    ],
    passedTests: reproducible ? [TEST] : [],
    warnedTests: [],
    failedTests: reproducible ? [] : [TEST, ...differences.slice(0, MOST_NAMED)],
  };
}

/** Reads such a predicate; undefined for any other test result and for a contradictory one. */
export function readReproduction(
  predicate: unknown,
): { readonly reproducible: boolean; readonly differences: number } | undefined {
  const result = objectOf(predicate);
  const marks = listOf(result['configuration'], 100).map((one) => textOf(objectOf(one)['name']));
  if (!marks.includes(CONFIGURATION)) return undefined;
  const passed = listOf(result['passedTests'], MOST_NAMED + 1).includes(TEST);
  const failed = listOf(result['failedTests'], MOST_NAMED + 1);
  if (result['result'] === 'PASSED' && passed && failed.length === 0)
    return { reproducible: true, differences: 0 };
  if (result['result'] === 'FAILED' && !passed && failed.includes(TEST))
    return { reproducible: false, differences: failed.length - 1 };
  return undefined;
}
