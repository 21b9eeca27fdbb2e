import type { Log, Result, Run } from 'sarif';
import { describe, expect, test } from 'vitest';
import type { CriterionResult, Evidence } from '../../src/model/criterion.ts';
import type { Scorecard } from '../../src/model/scorecard.ts';
import { placesOf, sarifReport } from '../../src/report/sarif.ts';
import { factsOf } from '../criteria/facts-builder.ts';
import { sampleInput } from './sample-contents.ts';
import { sampleFacts, sampleScorecard, twoPlatforms } from './sample-scorecard.ts';
import { validate } from './sarif-schema.ts';

function runOf(scorecard: Scorecard, dockerfile = 'services/app/Dockerfile'): Run {
  const log = JSON.parse(sarifReport([{ scorecard, dockerfile }])) as Log;
  const [run] = log.runs;
  if (run === undefined) throw new Error('no run');
  return run;
}

function resultsOf(id: string, run = runOf(sampleScorecard())): Result[] {
  return (run.results ?? []).filter(({ ruleId }) => ruleId === id);
}

function withResult(id: string, change: Partial<CriterionResult>): Scorecard {
  const card = sampleScorecard();
  const criteria = card.criteria.map((one) => (one.id === id ? { ...one, ...change } : one));
  const platforms = card.platforms.map((platform) => ({ ...platform, criteria }));
  return { ...card, criteria, platforms };
}

describe('sarifReport', () => {
  const hostile = 'a b/../\u202e%{0}[x](https://evil.example)\u0000/sh';
  test.each([
    ['a flawed image', sampleScorecard()],
    ['an image of which nothing is known', sampleScorecard(factsOf())],
    ['two platforms', twoPlatforms()],
    ['hostile names', sampleScorecard(sampleFacts(hostile), hostile)],
    ['no evidence at all', withResult('no-shell', { evidence: [] })],
  ])('%s is valid by the specification’s schema', (_name, card) => {
    const text = sarifReport([{ scorecard: card }, sampleInput()]);
    expect(validate(JSON.parse(text)) ? [] : validate.errors).toEqual([]);
  });

  test('every result names its rule, and only what is not met is a result', () => {
    const run = runOf(sampleScorecard());
    const open = sampleScorecard().criteria.filter(
      ({ outcome }) => outcome === 'fail' || outcome === 'unknown',
    );
    expect(new Set(run.results?.map(({ ruleId }) => ruleId))).toEqual(
      new Set(open.map(({ id }) => id)),
    );
    for (const { ruleId, ruleIndex } of run.results ?? [])
      expect(run.tool.driver.rules?.[ruleIndex ?? -1]?.id).toBe(ruleId);
  });

  test('a name from an image is an address within it and plain text', () => {
    const run = runOf(sampleScorecard(sampleFacts(hostile)));
    const [result] = resultsOf('no-shell', run);
    expect(result?.locations?.[0]?.physicalLocation?.artifactLocation?.uri).toBe(
      'a%20b/%EF%BF%BD%25%7B0%7D%5Bx%5D(https%3A/evil.example)%EF%BF%BD/sh',
    );
    expect(result?.message.text).toContain('\\[x\\](');
    expect(result?.message.text).toContain('{{0}}');
  });

  test('fingerprints stay when lines, layers, versions and the tag move, and are unlike each other', () => {
    const prints = (card: Scorecard) =>
      runOf(card).results?.map((one) => one.partialFingerprints?.['scoville/v1'] ?? '') ?? [];
    const moved = withResult('pinned-packages', {
      evidence: [
        { kind: 'dockerfile', startLine: 40, endLine: 41, text: 'apt-get install -y curl' },
      ],
    });
    const still = withResult('pinned-packages', {
      evidence: [{ kind: 'dockerfile', startLine: 4, endLine: 4, text: 'apt-get install -y curl' }],
    });
    expect(prints(moved)).toEqual(prints(still));
    expect(new Set(prints(moved)).size).toBe(prints(moved).length);
    expect(runOf(sampleScorecard(undefined, 'r.io/app:2')).automationDetails).toEqual(
      runOf(sampleScorecard(undefined, 'r.io/app:3')).automationDetails,
    );
  });

  test('a waiver suppresses while it holds', () => {
    expect(resultsOf('no-shell')[0]?.suppressions).toEqual([
      { kind: 'external', status: 'accepted', justification: 'the entry point needs it' },
    ]);
    const late = { ...sampleScorecard(), gradedAt: '2027-01-01T00:00:00Z' };
    expect(resultsOf('no-shell', runOf(late))[0]).not.toHaveProperty('suppressions');
  });

  test('what two platforms have alike is one result, which names both', () => {
    const [result, ...rest] = resultsOf('no-elevated-files', runOf(twoPlatforms()));
    expect(result?.properties?.['platforms']).toEqual(['linux/amd64', 'linux/arm64/v8']);
    expect(rest).toEqual([]);
  });

  test('many places are bounded, and the rest is counted', () => {
    const evidence = Array.from({ length: 250 }, (_, i) => ({
      kind: 'file' as const,
      path: `bin/${i}`,
    }));
    const results = resultsOf('no-shell', runOf(withResult('no-shell', { evidence })));
    expect(results).toHaveLength(100);
    expect(results[0]?.message.text).toContain('(and 150 more)');
  });
});

function places(outcome: CriterionResult['outcome'], evidence: readonly Evidence[]): unknown[] {
  const result: CriterionResult = {
    id: 'pinned-images',
    title: 'Images pinned to digests',
    vector: 'provenance',
    level: 3,
    outcome,
    summary: 'no digest',
    source: 'dockerfile',
    evidence,
    remedies: [],
  };
  return placesOf(result, { image: 'example.com/app', dockerfile: 'app/Dockerfile' }).map(
    ({ location: { physicalLocation: at }, text }) => [
      at.artifactLocation.uri,
      at.region?.startLine,
      text,
    ],
  );
}

describe('the place of an image', () => {
  const debian = { kind: 'image', reference: 'debian', line: 6, state: 'loose' } as const;
  const alpine = { kind: 'image', reference: 'alpine', line: 1, state: 'held' } as const;

  test('is the line of the Dockerfile that names it; in a failing result those that fail it', () => {
    expect(places('fail', [alpine, debian])).toEqual([['app/Dockerfile', 6, 'debian']]);
  });

  test('is the image as a whole where no line names it', () => {
    expect(places('fail', [{ kind: 'image', reference: 'debian' }])).toEqual([
      ['example.com/app', undefined, 'debian'],
    ]);
    expect(places('fail', [{ ...debian, line: 0 }])).toEqual([
      ['example.com/app', undefined, 'debian'],
    ]);
  });

  test('lines that are held are no place of a failing result, nor is what none judged apart left out', () => {
    const line = { kind: 'dockerfile', startLine: 3, endLine: 3 } as const;
    expect(
      places('fail', [
        { ...line, text: 'apt-get install a=1', state: 'held' },
        { ...line, startLine: 4, endLine: 5, text: 'apt-get install b', state: 'loose' },
      ]),
    ).toEqual([['app/Dockerfile', 4, 'lines 4-5: apt-get install b']]);
    expect(
      places('fail', [
        { ...line, text: 'x' },
        { ...line, text: 'y' },
      ]),
    ).toHaveLength(2);
  });
});

const log = (result: object) => ({
  version: '2.1.0',
  runs: [{ tool: { driver: { name: 'x' } }, results: [result] }],
});
const at = (region: object, uri = 'a') => ({
  message: { text: 'm' },
  locations: [{ physicalLocation: { artifactLocation: { uri }, region } }],
});

test.each([
  [log({ message: { text: 'm' }, level: 'error' }), true],
  [log(at({ startLine: 1, startColumn: 2 })), true],
  [log(at({ startLine: 0 })), false],
  [log(at({ startColumn: 1 })), false],
  [log(at({ startLine: 1 }, 'a b')), false],
  [log({}), false],
  [log({ message: { text: 'm' }, level: 'info' }), false],
  [log({ message: { text: 'm' }, suppressions: [{ status: 'accepted' }] }), false],
  [{ version: '2.0.0', runs: [] }, false],
  [{ version: '2.1.0' }, false],
])('%j: %j', (value, valid) => {
  expect(validate(value)).toBe(valid);
});
