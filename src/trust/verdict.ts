import { gate } from '../criteria/score.ts';
import type { Graded } from '../grade/assess.ts';
import { given, objectOf } from '../lib/json.ts';
import { byCodeUnit } from '../lib/text.ts';
import type { PipelineContext } from '../model/context.ts';
import { type Outcome, SPEC_URL } from '../model/criterion.ts';
import { type Digest, digestHex, digestOf, parseReference } from '../model/reference.ts';
import { GRADES, type Scorecard } from '../model/scorecard.ts';
import type { Settings, Waiver } from '../model/settings.ts';
import { PREDICATE_TYPE } from '../model/statement.ts';
import { base64Of, listOf, parseUntrustedJson, textOf } from './bundle.ts';
import { imagePurl, VERIFIER_ID } from './identity.ts';
import { PROFILE_ARTIFACT } from './profile-artifact.ts';
import type { StatementToSign } from './sign.ts';

export type Judgement = Pick<Scorecard, 'level' | 'criteria'>;

export interface VerdictContext {
  readonly toolVersion: string;
  /** RFC 3339. */
  readonly gradedAt: string;
  readonly resourceUri: string;
  readonly gateMet: boolean;
  readonly policy: ReturnType<typeof verdictPolicy>;
  /** All that the verdict rests on, by the digests of the bytes, and where to fetch it. */
  readonly inputAttestations?: readonly { readonly uri?: string; readonly digest: Digest }[];
}

/**
 * The verdict as a SLSA verification summary v1 (slsa.dev/spec/v1.2). `verifiedLevels` has
 * `CHPS_LEVEL_1` up to the image's level, so that a policy can ask for any of them by equality. It
 * has `CHPS_LEVEL_0` where level 1 is not complete, and `FAILED` alone where the gate was missed.
 */
export function verificationSummary({ level }: Judgement, context: VerdictContext) {
  const { toolVersion, gradedAt, resourceUri, policy, gateMet, inputAttestations = [] } = context;
  const inputs = [...new Map(inputAttestations.map((one) => [one.digest, one])).values()]
    .sort((a, b) => byCodeUnit(a.digest, b.digest))
    .map(({ uri, digest }) => ({ ...given({ uri }), digest: { sha256: digestHex(digest) } }));
  const levels = Array.from({ length: Math.max(1, level) }, (_, at) => Math.min(level, at + 1));
  return {
    verifier: { id: VERIFIER_ID, version: { scoville: toolVersion } },
    timeVerified: gradedAt,
    resourceUri,
    policy,
    ...given({ inputAttestations: inputs.length === 0 ? undefined : inputs }),
    verificationResult: gateMet ? 'PASSED' : 'FAILED',
    verifiedLevels: gateMet ? levels.map((one) => `CHPS_LEVEL_${one}`) : ['FAILED'],
  };
}

/**
 * The verdict as an in-toto test result v0.1 (in-toto/attestation, spec/predicates/test-result.md),
 * a test a criterion, in the scorecard's order. A criterion without a subject passed; one that
 * could not be judged is warned of, never passed. The whole is FAILED with any failed criterion,
 * WARNED with any unknown one.
 */
export function testResult(
  { criteria }: Pick<Judgement, 'criteria'>,
  configuration: readonly { name?: string; uri?: string; digest?: { sha256: string } }[] = [],
) {
  const ids = (outcomes: readonly Outcome[]): string[] =>
    criteria.filter(({ outcome }) => outcomes.includes(outcome)).map(({ id }) => id);
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

type JudgingSettings = Pick<Settings, 'gate' | 'recentDays' | 'databaseDays' | 'scanner'> & {
  readonly trust: Pick<Settings['trust'], 'images'>;
};

/**
 * The policy of a verdict, as an in-toto resource descriptor: the criteria, the gate with its
 * waivers, and the other settings that verdicts depend on, wherever they were set. The same
 * settings give the same digest. It brings its content, since settings may have come from flags.
 */
export function verdictPolicy(settings: JudgingSettings) {
  const { gate, trust, recentDays, databaseDays, scanner } = settings;
  const content = Buffer.from(
    JSON.stringify({
      criteria: SPEC_URL,
      gate: {
        ...given({ minLevel: gate.minLevel, minGrade: gate.minGrade }),
        waivers: gate.waivers.map(({ criterion, reason, expires }) => ({
          criterion,
          reason,
          ...given({ expires }),
        })),
      },
      trustedImages: trust.images,
      recentDays,
      databaseDays,
      scanner,
    }),
  );
  return {
    uri: 'pkg:npm/scoville#policy/v1',
    digest: { sha256: digestHex(digestOf(content)) },
    mediaType: 'application/json',
    content: content.toString('base64'),
  };
}

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
export function readTestResult(predicate: unknown) {
  const test = objectOf(predicate);
  const count = (field: string): number => listOf(test[field], 10_000).length;
  return {
    result: textOf(test['result'], 20) ?? '',
    passed: count('passedTests'),
    warned: count('warnedTests'),
    failed: count('failedTests'),
  };
}

export interface StatedVerdict {
  /** Undefined where the gate was missed: such a verdict does not state one. */
  readonly level: number | undefined;
  /** RFC 3339. */
  readonly timeVerified: string;
  readonly toolVersion: string;
  /** The settings that it was judged by; undefined where they are not all there to be read. */
  readonly judging: JudgingSettings | undefined;
  readonly met: ReadonlySet<string>;
  readonly criteria: ReadonlySet<string>;
}

const MAX_POLICY = 1024 * 1024;
const MOST = 1000;

/** Reads a summary, with the test result that was made with it: it names the same policy. */
export function readVerdict(summary: unknown, results: readonly unknown[]): StatedVerdict {
  const { level, passed, timeVerified } = readSummary(summary);
  const { verifier, policy } = objectOf(summary);
  const digest = sha256Of(policy);
  const tests = results.find((one) =>
    listOf(objectOf(one)['configuration'], MOST).some(
      (entry) => digest !== undefined && sha256Of(entry) === digest,
    ),
  );
  const ids = (field: string): readonly string[] =>
    listOf(objectOf(tests)[field], MOST).flatMap((id) => textOf(id, 200) ?? []);
  const met = new Set(ids('passedTests'));
  return {
    level: passed ? level : undefined,
    timeVerified,
    toolVersion: textOf(objectOf(objectOf(verifier)['version'])['scoville'], 100) ?? '',
    judging: readPolicy(policy),
    met,
    criteria: new Set([...met, ...ids('warnedTests'), ...ids('failedTests')]),
  };
}

function sha256Of(descriptor: unknown): string | undefined {
  return textOf(objectOf(objectOf(descriptor)['digest'])['sha256'], 64);
}

/** Undefined unless writing what was read gives the same bytes again: nothing went unread. */
function readPolicy(policy: unknown): JudgingSettings | undefined {
  const bytes = base64Of(objectOf(policy)['content'], MAX_POLICY);
  if (bytes === undefined || digestOf(bytes) !== `sha256:${sha256Of(policy) ?? ''}`)
    return undefined;
  const parsed = parseUntrustedJson(bytes, 'the policy', MAX_POLICY);
  if (!parsed.ok) return undefined;
  const { gate, trustedImages, recentDays, databaseDays, scanner } = objectOf(parsed.value);
  const { minLevel, minGrade, waivers } = objectOf(gate);
  const grade = GRADES.find((one) => one === minGrade);
  const judging: JudgingSettings = {
    gate: {
      ...given({ minLevel: numberOf(minLevel), minGrade: grade }),
      waivers: listOf(waivers, MOST).map((one): Waiver => {
        const { criterion, reason, expires } = objectOf(one);
        const until = given({ expires: textOf(expires, 100) });
        return { criterion: textOf(criterion, 200) ?? '', reason: textOf(reason) ?? '', ...until };
      }),
    },
    trust: { images: listOf(trustedImages, MOST).flatMap((one) => textOf(one) ?? []) },
    recentDays: numberOf(recentDays) ?? NaN,
    databaseDays: numberOf(databaseDays) ?? NaN,
    scanner: (textOf(scanner, 100) ?? '') as JudgingSettings['scanner'],
  };
  return verdictPolicy(judging).digest.sha256 === sha256Of(policy) ? judging : undefined;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) ? value : undefined;
}

/** The configuration that marks a test result as that of a second build. */
const CONFIGURATION = 'reproduction';
const TEST = 'same-image-manifests';
const MOST_NAMED = 1000;

/**
 * The outcome of a second, uncached build as an in-toto test result (in-toto/attestation,
 * spec/predicates/test-result.md): one test, and each difference as a failed one beside it. The
 * configuration names the tool, and the source where it was fetched for this.
 */
export function reproductionStatement(
  {
    reproducible,
    differences,
    source,
  }: {
    readonly reproducible: boolean;
    /** What differs, one line each; empty where nothing does. */
    readonly differences: readonly string[];
    readonly source?: { readonly url: string; readonly revision: string };
  },
  tool: { readonly uri: string; readonly version: string },
) {
  const fetched = source && {
    name: 'source',
    uri: `git+${source.url}@${source.revision}`,
    digest: { gitCommit: source.revision },
  };
  return {
    result: reproducible ? 'PASSED' : 'FAILED',
    configuration: [
      { name: CONFIGURATION, uri: `${tool.uri}@${tool.version}` },
      ...(fetched === undefined ? [] : [fetched]),
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

/** The verdict in the two standard predicates, about the index and its platforms. */
export function verdictStatements(
  context: PipelineContext,
  {
    name,
    ...about
  }: Required<Pick<StatementToSign, 'subject' | 'also'>> & { readonly name: string | undefined },
  { scorecard, contents }: Graded,
  settings: JudgingSettings,
): readonly StatementToSign[] {
  const policy = verdictPolicy(settings);
  const { digest } = about.subject;
  const summary = verificationSummary(scorecard, {
    toolVersion: context.version,
    gradedAt: scorecard.gradedAt,
    resourceUri: imagePurl({ name: name ?? digest, digest, withoutTag: true }),
    gateMet: gate(scorecard, { ...settings.gate, now: context.now() }).ok,
    policy,
    inputAttestations: inputsOf(contents, name),
  });
  const tests = testResult(scorecard, [{ name: 'policy', uri: policy.uri, digest: policy.digest }]);
  return [
    { predicateType: PREDICATE_TYPE.slsaVsa, predicate: summary, ...about },
    { predicateType: PREDICATE_TYPE.testResult, predicate: tests, ...about },
  ];
}

const ARTIFACTS: readonly string[] = Object.values(PROFILE_ARTIFACT);

/** What verified, was signed and was read for the verdict. An older summary is read by nobody. */
function inputsOf(
  contents: Graded['contents'],
  name: string | undefined,
): NonNullable<VerdictContext['inputAttestations']> {
  return contents.flatMap(({ facts: { attestations: fact } }) => {
    if (!fact.known) return [];
    const statements = fact.value.attestations.filter(
      ({ predicateType }) => predicateType !== PREDICATE_TYPE.slsaVsa,
    );
    return [...fact.value.signatures, ...statements].flatMap((one) => {
      const { verification, digest } = one;
      if (verification !== 'verified' || digest === undefined) return [];
      const isArtifact = 'predicateType' in one && ARTIFACTS.includes(one.predicateType);
      const uri = addressOf(name ?? '', isArtifact ? 'manifests' : 'blobs', digest);
      return [{ digest, ...given({ uri }) }];
    });
  });
}

/** Where a registry has it (OCI distribution-spec, "Pulling blobs"). */
function addressOf(name: string, kind: string, digest: Digest): string | undefined {
  const reference = parseReference(name);
  if (!reference.ok) return undefined;
  const { registry, repository } = reference.value;
  const host = registry === 'docker.io' ? 'registry-1.docker.io' : registry;
  const scheme = /^(?:localhost|127\.|\[::1\])/.test(host) ? 'http' : 'https';
  return `${scheme}://${host}/v2/${repository}/${kind}/${digest}`;
}
