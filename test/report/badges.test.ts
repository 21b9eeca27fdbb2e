import { expect, test } from 'vitest';
import { badgesReport, badgeUrl } from '../../src/report/badges.ts';
import { sampleScorecard } from './sample-scorecard.ts';

test('an address is the specification’s, letter by letter', () => {
  expect([
    badgeUrl('overall', 'A+'),
    badgeUrl('provenance', 'A'),
    badgeUrl('config', 'C'),
    badgeUrl('CVEs', 'D'),
  ]).toEqual([
    'https://img.shields.io/badge/overall-A%2B-gold?style=flat-square&labelColor=%233443F4&color=%2301A178',
    'https://img.shields.io/badge/provenance-A-gold?style=flat-square&labelColor=%233443F4&color=%2381FEA0',
    'https://img.shields.io/badge/config-C-gold?style=flat-square&labelColor=%233443F4&color=%23F6EB61',
    'https://img.shields.io/badge/CVEs-D-gold?style=flat-square&labelColor=%233443F4&color=%23FE5B3C',
  ]);
});

test('five badges, overall first', () => {
  const names = badgesReport(sampleScorecard())
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/\?.*/, ''));
  expect(names).toEqual([
    '![CHPs Score](https://img.shields.io/badge/overall-D-gold',
    '![Minimalism](https://img.shields.io/badge/minimalism-B-gold',
    '![Provenance](https://img.shields.io/badge/provenance-D-gold',
    '![Config](https://img.shields.io/badge/config-D-gold',
    '![Vulns](https://img.shields.io/badge/CVEs-B-gold',
  ]);
});
