import { describe, expect, test } from 'vitest';
import { assembleScorecard, gate, type GateOptions } from '../../src/criteria/score.ts';
import type { Outcome } from '../../src/model/criterion.ts';
import { digestOf } from '../../src/model/reference.ts';
import { results } from './results.ts';

const NOW = Date.UTC(2026, 2, 1, 12);

function card(...changes: readonly Readonly<Record<string, Outcome>>[]) {
  const [first = {}, ...rest] = changes.map((change, i) => ({
    platform: `linux/p${i}`,
    digest: digestOf(String(i)),
    criteria: results('pass', change),
  }));
  return assembleScorecard({
    toolVersion: '1',
    image: 'app',
    digest: digestOf('x'),
    gradedAt: '2026-03-01T12:00:00Z',
    platforms: [first as Parameters<typeof assembleScorecard>[0]['platforms'][0], ...rest],
  });
}

function judge(scorecard: ReturnType<typeof card>, options: Partial<GateOptions>) {
  const result = gate(scorecard, { waivers: [], now: NOW, ...options });
  return result.ok
    ? 'met'
    : result.error.shortfalls.map(({ message, criteria }) => [message, criteria]);
}

describe('gate', () => {
  test('nothing asked is met', () => {
    expect(judge(card({ 'no-secrets': 'fail' }), {})).toBe('met');
  });

  test('level', () => {
    const short = card({ 'no-shell': 'fail', sbom: 'fail', signed: 'not-applicable' });
    expect(judge(short, { minLevel: 2 })).toBe('met');
    expect(judge(short, { minLevel: 3 })).toEqual([
      ['level 2 (Jalapeno), at least 3 (Scotch Bonnet) is asked for', ['no-shell']],
    ]);
  });

  test('grade', () => {
    expect(judge(card({ sbom: 'unknown' }), { minGrade: 'A' })).toBe('met');
    expect(judge(card({ sbom: 'unknown' }), { minGrade: 'A+' })).toEqual([
      ['grade A (22 of 23), at least A+ is asked for', ['sbom']],
    ]);
  });

  test('every platform has to reach it', () => {
    // The worst platform by level has more points than the other: both count.
    const both = card(
      { signed: 'fail' },
      {
        sbom: 'fail',
        provenance: 'fail',
        reproducible: 'fail',
        'no-medium': 'fail',
        'no-known-cves': 'fail',
        'security-profile': 'fail',
      },
    );
    expect(judge(both, { minGrade: 'A' })).toEqual([
      ['grade B (17 of 23) on linux/p1, at least A is asked for', expect.arrayContaining(['sbom'])],
    ]);
    expect(judge(both, { minLevel: 3 })).toEqual([
      ['level 1 (Pimiento) on linux/p0, at least 3 (Scotch Bonnet) is asked for', ['signed']],
    ]);
  });

  test('a waiver lets its criterion through', () => {
    const waivers = [{ criterion: 'no-shell', reason: 'needed', expires: '2026-03-01' }];
    const result = gate(card({ 'no-shell': 'fail' }), {
      minLevel: 5,
      minGrade: 'A+',
      waivers,
      now: NOW,
    });
    expect(result).toEqual({ ok: true, value: { used: waivers } });
  });

  test('a waiver that is not needed is not used', () => {
    const result = gate(card({}), { waivers: [{ criterion: 'sbom', reason: 'x' }], now: NOW });
    expect(result).toEqual({ ok: true, value: { used: [] } });
  });

  test.each([
    ['expired', { criterion: 'sbom', reason: 'x', expires: '2026-02-28' }, 'expired on 2026-02-28'],
    ['no such day', { criterion: 'sbom', reason: 'x', expires: '2026-02-30' }, 'is not a date'],
    ['no date', { criterion: 'sbom', reason: 'x', expires: 'later' }, 'is not a date'],
    ['no criterion', { criterion: 'no-bugs', reason: 'x' }, 'does not name a criterion'],
    ['no reason', { criterion: 'sbom', reason: ' ' }, 'does not give a reason'],
  ])('a waiver that is %s is an error, needed or not', (_name, waiver, says) => {
    const result = gate(card({}), { waivers: [waiver], now: NOW });
    expect(result.ok ? [] : result.error.shortfalls).toEqual([
      {
        kind: 'waiver',
        message: expect.stringContaining(says) as string,
        criteria: [waiver.criterion],
      },
    ]);
  });

  test('an expired waiver waives nothing', () => {
    const waivers = [{ criterion: 'no-shell', reason: 'x', expires: '2020-01-01' }];
    expect(judge(card({ 'no-shell': 'fail' }), { minLevel: 3, waivers })).toHaveLength(2);
  });
});
