import { expect, test } from 'vitest';
import { DEFAULT_SETTINGS } from '../../src/config/schema.ts';
import { readVerdict, verdictPolicy } from '../../src/trust/verdict.ts';

const judging = {
  ...DEFAULT_SETTINGS,
  gate: { minLevel: 2, waivers: [{ criterion: 'no-high', reason: 'soon', expires: '2030-01-01' }] },
  trust: { images: ['example.com/*'] },
};
const policy = verdictPolicy(judging);
const summary = {
  verifier: { id: 'pkg:npm/scoville', version: { scoville: '1.0.0' } },
  timeVerified: '2026-01-01T00:00:00Z',
  policy,
  verificationResult: 'PASSED',
  verifiedLevels: ['CHPS_LEVEL_1', 'CHPS_LEVEL_2'],
};
const tests = {
  configuration: [{ name: 'CHPs' }, { name: 'policy', digest: policy.digest }],
  passedTests: ['signed'],
  warnedTests: ['sbom'],
  failedTests: ['no-high'],
};

test('a verdict is read with the settings that it was judged by', () => {
  const read = readVerdict(summary, [{ passedTests: ['other'] }, tests]);
  expect(read).toMatchObject({ level: 2, toolVersion: '1.0.0' });
  expect(read.judging).toEqual({
    gate: judging.gate,
    trust: judging.trust,
    recentDays: judging.recentDays,
    databaseDays: judging.databaseDays,
    scanner: judging.scanner,
  });
  expect([...read.met]).toEqual(['signed']);
  expect([...read.criteria]).toEqual(['signed', 'sbom', 'no-high']);
});

const content = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64');
test.each([
  ['no policy', { ...summary, policy: undefined }],
  ['another digest', { ...summary, policy: { ...policy, digest: { sha256: '00' } } }],
  [
    'content of another shape',
    { ...summary, policy: { ...policy, content: content({ gate: 1 }) } },
  ],
])('%s: nothing to judge by', (_, given) => {
  expect(readVerdict(given, [tests]).judging).toBeUndefined();
});

test('results of another policy are not its own, and a missed gate states no level', () => {
  expect([...readVerdict(summary, [{ ...tests, configuration: [] }]).met]).toEqual([]);
  expect(readVerdict({ ...summary, verificationResult: 'FAILED' }, [tests]).level).toBeUndefined();
});
