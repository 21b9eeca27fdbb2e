import { type CriterionResult, type Outcome, SPEC_URL } from '../model/criterion.ts';
import { digestHex, type Digest } from '../model/digest.ts';
import { byCodeUnit } from '../model/order.ts';
import { VERIFIER_ID } from './identity.ts';
import type { PolicyDescriptor } from './verdict-policy.ts';

/** The in-toto test-result v0.1 predicate (in-toto/attestation, spec/predicates/test-result.md). */
export interface TestResult {
  readonly result: 'PASSED' | 'WARNED' | 'FAILED';
  readonly configuration: readonly {
    readonly name?: string;
    readonly uri?: string;
    readonly digest?: Readonly<Record<string, string>>;
  }[];
  readonly passedTests: readonly string[];
  readonly warnedTests: readonly string[];
  readonly failedTests: readonly string[];
}

/** What Scorecard and PlatformScore share; statements on a platform's manifest take the latter. */
export interface Judgement {
  readonly level: number;
  readonly criteria: readonly CriterionResult[];
}

export interface InputAttestation {
  readonly uri?: string;
  readonly digest: Digest;
}

export interface VerdictContext {
  readonly toolVersion: string;
  /** RFC 3339. */
  readonly gradedAt: string;
  /** Where the artifact is, as a URI: `imagePurl`. */
  readonly resourceUri: string;
  /** The gate was met, or there was none. */
  readonly gateMet: boolean;
  readonly policy: PolicyDescriptor;
  /** All that the verdict rests on, by the digests of the bytes, and where to fetch it. */
  readonly inputAttestations?: readonly InputAttestation[];
}

/**
 * The verdict as a SLSA verification summary v1 (slsa.dev/spec/v1.2): `verifiedLevels` has
 * `CHPS_LEVEL_1` up to the image's level, so that a policy can ask for any of them by equality,
 * `CHPS_LEVEL_0` where level 1 is not complete, and `FAILED` alone where the gate was missed.
 */
export function verificationSummary(judgement: Judgement, context: VerdictContext) {
  const each = new Map(context.inputAttestations?.map((one) => [one.digest, one]));
  const inputs = [...each.values()].sort((a, b) => byCodeUnit(a.digest, b.digest));
  return {
    verifier: { id: VERIFIER_ID, version: { scoville: context.toolVersion } },
    timeVerified: context.gradedAt,
    resourceUri: context.resourceUri,
    policy: context.policy,
    ...(inputs.length === 0
      ? {}
      : {
          inputAttestations: inputs.map(({ uri, digest }) => ({
            ...(uri === undefined ? {} : { uri }),
            digest: { sha256: digestHex(digest) },
          })),
        }),
    verificationResult: context.gateMet ? 'PASSED' : 'FAILED',
    verifiedLevels: context.gateMet ? levels(judgement.level) : ['FAILED'],
  };
}

function levels(level: number): string[] {
  return level < 1
    ? ['CHPS_LEVEL_0']
    : Array.from({ length: level }, (_, index) => `CHPS_LEVEL_${index + 1}`);
}

/**
 * The verdict as an in-toto test result, a test a criterion, in the scorecard's order. A criterion
 * without a subject passed; one that could not be judged is warned of, never passed. The whole is
 * FAILED with any failed criterion, WARNED with any unknown one.
 */
export function testResult(
  judgement: Judgement,
  configuration: TestResult['configuration'] = [],
): TestResult {
  const ids = (outcomes: readonly Outcome[]): string[] =>
    judgement.criteria.filter(({ outcome }) => outcomes.includes(outcome)).map(({ id }) => id);
  const passedTests = ids(['pass', 'not-applicable']);
  const warnedTests = ids(['unknown']);
  const failedTests = ids(['fail']);
  // Nothing judged is nothing passed.
  const doubtful = warnedTests.length > 0 || passedTests.length === 0;
  return {
    result: failedTests.length > 0 ? 'FAILED' : doubtful ? 'WARNED' : 'PASSED',
    configuration: [{ name: 'CHPs', uri: SPEC_URL }, ...configuration],
    passedTests,
    warnedTests,
    failedTests,
  };
}
