import { describe, expect, test } from 'vitest';
import { DEFAULT_SETTINGS } from '../../src/config/schema.ts';
import type { CriterionResult, Outcome } from '../../src/model/criterion.ts';
import { digestHex, digestOf } from '../../src/model/reference.ts';
import {
  type Judgement,
  readReproduction,
  readSummary,
  readTestResult,
  readVerdict,
  reproductionStatement,
  testResult,
  type VerdictContext,
  verdictPolicy,
  verificationSummary,
} from '../../src/trust/verdict.ts';

const SPECIFICATION = 'https://github.com/chps-dev/chps/blob/main/CHPs.md';
const DAY = '2026-01-02T03:04:05Z';

function judgement(level: number, outcomes: Readonly<Record<string, Outcome>> = {}): Judgement {
  const rest = { vector: 'minimalism', summary: '', source: 'image', level: 1 } as const;
  const criteria = Object.entries(outcomes).map(([id, outcome]): CriterionResult => ({
    ...{ ...rest, id, title: id, outcome, evidence: [], remedies: [] },
  }));
  return { level, criteria };
}

const judging = {
  ...DEFAULT_SETTINGS,
  gate: { minLevel: 2, waivers: [{ criterion: 'no-high', reason: 'soon', expires: '2030-01-01' }] },
  trust: { images: ['example.com/*'] },
};
const policy = verdictPolicy(judging);
const context: VerdictContext = {
  toolVersion: '1.0.0',
  gradedAt: DAY,
  resourceUri: 'pkg:oci/app',
  gateMet: true,
  policy,
};

describe('a summary', () => {
  test.each([
    [3, true, ['CHPS_LEVEL_1', 'CHPS_LEVEL_2', 'CHPS_LEVEL_3'], 3],
    [0, true, ['CHPS_LEVEL_0'], 0],
    [4, false, ['FAILED'], undefined],
  ])('of level %i, gate met %j, states %j', (level, gateMet, verifiedLevels, read) => {
    const written = verificationSummary(judgement(level), { ...context, gateMet });
    expect(written).toEqual({
      verifier: { id: 'pkg:npm/scoville', version: { scoville: '1.0.0' } },
      timeVerified: DAY,
      resourceUri: 'pkg:oci/app',
      policy,
      verificationResult: gateMet ? 'PASSED' : 'FAILED',
      verifiedLevels,
    });
    const stated = {
      level: read,
      passed: gateMet,
      timeVerified: DAY,
      verifier: 'pkg:npm/scoville',
    };
    expect(readSummary(written)).toEqual(stated);
  });

  test('names what it rests on, sorted, each once', () => {
    const sorted = [digestOf('a'), digestOf('b')].sort();
    const uri = (digest: string): string => `https://r.example/${digest}`;
    const inputAttestations = [...sorted.toReversed(), ...sorted].map((digest) => ({
      ...{ digest, uri: uri(digest) },
    }));
    expect(
      verificationSummary(judgement(1), { ...context, inputAttestations }).inputAttestations,
    ).toEqual(sorted.map((d) => ({ uri: uri(d), digest: { sha256: digestHex(d) } })));
  });

  test.each([
    undefined,
    'x',
    [],
    { verifiedLevels: 'CHPS_LEVEL_5' },
    { verifiedLevels: [5, 'CHPS_LEVEL_9'] },
  ])('of %j nothing is taken', (predicate) => {
    const none = { level: undefined, passed: false, timeVerified: '', verifier: '' };
    expect(readSummary(predicate)).toEqual(none);
  });
});

describe('the policy of a verdict', () => {
  const read = ({ content }: typeof policy): unknown =>
    JSON.parse(Buffer.from(content, 'base64').toString());

  test('its digest is that of the content it brings, whose gate and waivers are those in use', () => {
    expect(policy.digest.sha256).toBe(digestHex(digestOf(Buffer.from(policy.content, 'base64'))));
    expect(read(policy)).toMatchObject({ criteria: SPECIFICATION, gate: judging.gate });
    const standard = verdictPolicy(DEFAULT_SETTINGS);
    expect(verdictPolicy({ ...DEFAULT_SETTINGS })).toEqual(standard);
    expect([standard.uri, standard.digest]).not.toEqual([policy.uri, policy.digest]);
  });
});

describe('a test result', () => {
  test('sorts criteria by outcome; what could not be judged is never among the passed', () => {
    const mixed = judgement(1, { a: 'pass', b: 'unknown', c: 'fail', d: 'not-applicable' });
    const settings = { name: '.scoville.yaml', digest: { sha256: '00' } };
    const written = testResult(mixed, [settings]);
    expect(written).toEqual({
      result: 'FAILED',
      configuration: [{ name: 'CHPs', uri: SPECIFICATION }, settings],
      passedTests: ['a', 'd'],
      warnedTests: ['b'],
      failedTests: ['c'],
    });
    const counts = { result: 'FAILED', passed: 2, warned: 1, failed: 1 };
    expect(readTestResult(written)).toEqual(counts);
    expect(readTestResult({ ...written, failedTests: 1 }).failed).toBe(0);
  });

  test.each([
    [{ a: 'pass', b: 'not-applicable' }, 'PASSED'],
    [{ a: 'pass', b: 'unknown' }, 'WARNED'],
    [{ a: 'fail', b: 'unknown' }, 'FAILED'],
    [{}, 'WARNED'],
  ] as const)('%j is %s', (outcomes, whole) => {
    expect(testResult(judgement(1, outcomes)).result).toBe(whole);
  });
});

describe('a verdict that is read again', () => {
  const summary = verificationSummary(judgement(2), context);
  const outcomes = { signed: 'pass', sbom: 'unknown', 'no-high': 'fail' } as const;
  const tests = testResult(judgement(2, outcomes), [{ name: 'policy', digest: policy.digest }]);

  test('has the settings that it was judged by', () => {
    const read = readVerdict(summary, [{ passedTests: ['other'] }, tests]);
    const { recentDays, databaseDays, scanner } = judging;
    expect(read).toMatchObject({ level: 2, toolVersion: '1.0.0' });
    expect(read.judging).toEqual({
      ...{ gate: judging.gate, trust: judging.trust, recentDays, databaseDays, scanner },
    });
    expect([...read.met]).toEqual(['signed']);
    expect([...read.criteria]).toEqual(['signed', 'sbom', 'no-high']);
  });

  test.each([
    ['no policy', undefined],
    ['another digest', { ...policy, digest: { sha256: '00' } }],
    ['another shape', { ...policy, content: Buffer.from('{"gate":1}').toString('base64') }],
  ])('%s: nothing to judge by', (_, given) => {
    expect(readVerdict({ ...summary, policy: given }, [tests]).judging).toBeUndefined();
  });

  test('results of another policy are not its own, and a missed gate states no level', () => {
    expect([...readVerdict(summary, [{ ...tests, configuration: [] }]).met]).toEqual([]);
    const missed = { ...summary, verificationResult: 'FAILED' };
    expect(readVerdict(missed, [tests]).level).toBeUndefined();
  });
});

describe('the result of a second build', () => {
  const tool = { uri: 'pkg:npm/scoville', version: '1.2.3' };

  test.each([
    [true, [], 0],
    [false, ['built: content', 'id: content'], 2],
  ])('reproducible %j, %j', (reproducible, differences, count) => {
    const statement = reproductionStatement({ reproducible, differences }, tool);
    expect(statement).toEqual({
      result: reproducible ? 'PASSED' : 'FAILED',
      configuration: [{ name: 'reproduction', uri: 'pkg:npm/scoville@1.2.3' }],
      passedTests: reproducible ? ['same-image-manifests'] : [],
      warnedTests: [],
      failedTests: reproducible ? [] : ['same-image-manifests', ...differences],
    });
    expect(readReproduction(statement)).toEqual({ reproducible, differences: count });
  });

  const passed = reproductionStatement({ reproducible: true, differences: [] }, tool);
  test.each([
    ['a verdict', { ...passed, configuration: [{ name: 'CHPs' }] }],
    ['one that says both', { ...passed, failedTests: ['x'] }],
    ['one that passed no test', { ...passed, passedTests: [] }],
    ['no object', 'PASSED'],
  ])('%s is none', (_, predicate) => {
    expect(readReproduction(predicate)).toBeUndefined();
  });
});
