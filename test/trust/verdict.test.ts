import { describe, expect, test } from 'vitest';
import { DEFAULT_SETTINGS } from '../../src/config/schema.ts';
import type { CriterionResult, Outcome } from '../../src/model/criterion.ts';
import { digestHex, digestOf } from '../../src/model/reference.ts';
import { imagePurl } from '../../src/trust/identity.ts';
import {
  type Judgement,
  testResult,
  type VerdictContext,
  verdictPolicy,
  verificationSummary,
} from '../../src/trust/verdict.ts';

const DIGEST = digestOf('image');
const SPECIFICATION = 'https://github.com/chps-dev/chps/blob/main/CHPs.md';

function result(id: string, outcome: Outcome): CriterionResult {
  return {
    id,
    title: id,
    vector: 'minimalism',
    level: 1,
    outcome,
    summary: '',
    source: 'image',
    evidence: [],
    remedies: [],
  };
}

function judgement(level: number, outcomes: Readonly<Record<string, Outcome>> = {}): Judgement {
  return { level, criteria: Object.entries(outcomes).map(([id, outcome]) => result(id, outcome)) };
}

const policy = verdictPolicy(DEFAULT_SETTINGS);

const context: VerdictContext = {
  toolVersion: '0.1.0',
  gradedAt: '2026-01-02T03:04:05Z',
  resourceUri: imagePurl({ name: 'app:1', digest: DIGEST }),
  gateMet: true,
  policy,
};

describe('verificationSummary', () => {
  test('says who verified what, when, against what, and each level reached', () => {
    expect(verificationSummary(judgement(3), context)).toEqual({
      verifier: { id: 'pkg:npm/scoville', version: { scoville: '0.1.0' } },
      timeVerified: '2026-01-02T03:04:05Z',
      resourceUri: `pkg:oci/app@sha256%3A${digestHex(DIGEST)}?repository_url=docker.io/library/app&tag=1`,
      policy,
      verificationResult: 'PASSED',
      verifiedLevels: ['CHPS_LEVEL_1', 'CHPS_LEVEL_2', 'CHPS_LEVEL_3'],
    });
  });

  test('a missed gate verifies nothing', () => {
    const failed = verificationSummary(judgement(4), { ...context, gateMet: false });
    expect(failed).toMatchObject({ verificationResult: 'FAILED', verifiedLevels: ['FAILED'] });
  });

  test('names the policy and what it rests on, sorted, each once', () => {
    const [a, b] = [digestOf('a'), digestOf('b')].sort();
    const summary = verificationSummary(judgement(1), {
      ...context,
      inputAttestations: [b, a, b].flatMap((digest) =>
        digest === undefined ? [] : [{ digest, uri: `https://r.example/${digest}` }],
      ),
    });
    expect(summary.inputAttestations).toEqual(
      [a, b]
        .filter((d) => d !== undefined)
        .map((d) => ({ uri: `https://r.example/${d}`, digest: { sha256: digestHex(d) } })),
    );
  });
});

describe('the policy of a verdict', () => {
  const read = ({ content }: typeof policy): unknown =>
    JSON.parse(Buffer.from(content, 'base64').toString());

  test('its digest is that of the content it brings, whose gate and waivers are those in use', () => {
    const waivers = [{ criterion: 'no-shell', reason: 'a tool', expires: '2030-01-01' }];
    const gated = verdictPolicy({ ...DEFAULT_SETTINGS, gate: { minLevel: 3, waivers } });
    expect(gated.digest.sha256).toBe(digestHex(digestOf(Buffer.from(gated.content, 'base64'))));
    expect(read(gated)).toMatchObject({
      criteria: SPECIFICATION,
      gate: { minLevel: 3, waivers },
    });
    expect(gated.uri).toBe(policy.uri);
    expect(gated.digest).not.toEqual(policy.digest);
  });

  test('the same settings give the same digest', () => {
    expect(verdictPolicy({ ...DEFAULT_SETTINGS })).toEqual(policy);
    expect(read(policy)).toMatchObject({ gate: { waivers: [] } });
  });
});

describe('testResult', () => {
  test('sorts criteria by outcome; what could not be judged is never among the passed', () => {
    const mixed = judgement(1, { a: 'pass', b: 'unknown', c: 'fail', d: 'not-applicable' });
    expect(testResult(mixed)).toEqual({
      result: 'FAILED',
      configuration: [{ name: 'CHPs', uri: SPECIFICATION }],
      passedTests: ['a', 'd'],
      warnedTests: ['b'],
      failedTests: ['c'],
    });
  });

  test.each([
    [{ a: 'pass', b: 'not-applicable' }, 'PASSED'],
    [{ a: 'pass', b: 'unknown' }, 'WARNED'],
    [{ a: 'fail', b: 'unknown' }, 'FAILED'],
    [{}, 'WARNED'],
  ] as const)('%j is %s', (outcomes, whole) => {
    expect(testResult(judgement(1, outcomes)).result).toBe(whole);
  });

  test('carries the settings that were used', () => {
    const settings = { name: '.scoville.yaml', digest: { sha256: digestHex(DIGEST) } };
    expect(testResult(judgement(0), [settings]).configuration).toEqual([
      { name: 'CHPs', uri: SPECIFICATION },
      settings,
    ]);
  });
});
