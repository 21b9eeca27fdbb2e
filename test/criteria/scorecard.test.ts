import { describe, expect, test } from 'vitest';
import { assembleScorecard } from '../../src/criteria/score.ts';
import { digestOf } from '../../src/model/reference.ts';
import { results } from './results.ts';

const amd64 = {
  platform: 'linux/amd64',
  digest: digestOf('amd64'),
  criteria: results('pass', { sbom: 'fail' }),
};
const arm64 = {
  platform: 'linux/arm64',
  digest: digestOf('arm64'),
  criteria: results('pass', { signed: 'fail' }),
};
const HEAD = {
  toolVersion: '1.2.3',
  image: 'app:1',
  digest: digestOf('index'),
  gradedAt: '2026-03-01T12:00:00Z',
};

describe('assembleScorecard', () => {
  test('of one platform', () => {
    const card = assembleScorecard({ ...HEAD, platforms: [amd64] });
    expect(card).toMatchObject({
      schemaVersion: '1',
      tool: { name: 'scoville', version: '1.2.3' },
      image: 'app:1',
      digest: HEAD.digest,
      level: 3,
      levelName: 'Scotch Bonnet',
      overall: { points: 22, total: 23, grade: 'A' },
      waivers: [],
    });
    expect(card.suggestions.map(({ criterion }) => criterion)).toEqual(['sbom']);
  });

  test('the platform of the lowest level counts', () => {
    const card = assembleScorecard({ ...HEAD, platforms: [amd64, arm64] });
    expect(card.platforms.map(({ platform, level }) => [platform, level])).toEqual([
      ['linux/amd64', 3],
      ['linux/arm64', 1],
    ]);
    expect([card.level, card.levelName]).toEqual([1, 'Pimiento']);
    expect(card.criteria).toEqual(arm64.criteria);
  });

  test('on the same level, the one with fewer points', () => {
    const worse = { ...arm64, criteria: results('pass', { sbom: 'fail', provenance: 'fail' }) };
    expect(assembleScorecard({ ...HEAD, platforms: [amd64, worse] }).overall.points).toBe(21);
    expect(assembleScorecard({ ...HEAD, platforms: [worse, amd64] }).overall.points).toBe(21);
  });

  test('a waiver is shown and changes nothing', () => {
    const waivers = [{ criterion: 'sbom', reason: 'soon' }];
    const card = assembleScorecard({ ...HEAD, platforms: [amd64], waivers });
    expect([card.level, card.overall.points, card.waivers]).toEqual([3, 22, waivers]);
  });
});
