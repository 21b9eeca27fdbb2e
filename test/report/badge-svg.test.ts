import { describe, expect, test } from 'vitest';
import { badgeFiles, badgeTextWidth, badgeUrl, imageBadge } from '../../src/report/badges.ts';
import { sampleScorecard } from './sample-scorecard.ts';
import { xmlElements } from './xml-form.ts';

const files = new Map(badgeFiles(sampleScorecard()).map(({ name, text }) => [name, text]));
const textOf = (name: string): string => files.get(name) ?? '';

describe('badgeFiles', () => {
  test('level, overall and each vector as SVG and endpoint, and a page', () => {
    const badges = [
      'level',
      'overall',
      'minimalism',
      'provenance',
      'configuration',
      'vulnerabilities',
    ];
    expect([...files.keys()].sort()).toEqual(
      [...badges.flatMap((name) => [`${name}.svg`, `${name}.json`]), 'badges.md'].sort(),
    );
  });

  test('an SVG is well-formed, names digest and date, loads nothing and is the same each time', () => {
    for (const [name, text] of files) {
      if (!name.endsWith('.svg')) continue;
      expect(xmlElements(text)[0]).toBe('svg');
      expect(text).toContain(sampleScorecard().digest);
      expect(text).toContain('graded 2026-03-01T12:00:00.000Z');
      expect(text.replace('http://www.w3.org/2000/svg', '')).not.toMatch(
        /https?:|href|url\(|script/,
      );
    }
    expect(badgeFiles(sampleScorecard())).toEqual(badgeFiles(sampleScorecard()));
  });

  test('an SVG is as wide as its texts and has the grade’s colour', () => {
    const svg = textOf('minimalism.svg');
    const width = badgeTextWidth('minimalism') + badgeTextWidth('B') + 28;
    expect(svg).toContain(`width="${width}" height="20"`);
    expect(svg).toContain('<title id="title">Minimalism: B</title>');
    expect(svg).toContain('fill="#BCF481"');
    expect(svg).toContain('fill="#3443F4"');
  });

  test('an endpoint holds the fields that shields.io takes and no others', () => {
    expect(JSON.parse(textOf('overall.json'))).toEqual({
      schemaVersion: 1,
      label: 'overall',
      message: 'D',
      color: '#FE5B3C',
      labelColor: '#3443F4',
      style: 'flat-square',
    });
  });

  test('a name from outside ends no comment and is no markup', () => {
    const hostile = badgeFiles(sampleScorecard(undefined, 'a--><img src=x>\u202e"&')).map(
      ({ text }) => text,
    );
    for (const text of hostile) expect(text).not.toMatch(/<img|\u202e/);
    expect(hostile.at(-1)?.match(/-->/g)).toHaveLength(1);
    for (const text of hostile)
      if (text.startsWith('<svg')) expect(xmlElements(text)[0]).toBe('svg');
  });
});

test('widths are numbers of ours, not of a font on this machine', () => {
  expect(['', 'i', 'level', '2 Jalapeno', 'A+', 'CVEs'].map(badgeTextWidth)).toEqual([
    0, 4, 26, 62, 17, 30,
  ]);
});

test('an address is the specification’s, letter by letter', () => {
  expect(badgeUrl('overall', 'A+')).toBe(
    'https://img.shields.io/badge/overall-A%2B-gold?style=flat-square&labelColor=%233443F4&color=%2301A178',
  );
});

describe('imageBadge', () => {
  const vectors = {
    minimalism: 'B',
    provenance: 'A',
    configuration: 'C',
    vulnerabilities: 'D',
  } as const;
  const graded = { level: 2, overall: { grade: 'A' }, vectors } as const;
  const badge = (label: string, days: number, of: typeof graded | undefined = graded) => {
    const found = imageBadge(label, { graded: of, days, about: 'app:1' });
    return found && (JSON.parse(found.json) as { message: string; color: string });
  };

  test.each([
    ['overall', 30, 'A', '#81FEA0'],
    ['overall', 30.5, 'A · 30 d', '#81FEA0'],
    ['CVEs', 400, 'D · 400 d', '#FE5B3C'],
    ['level', 31, '2 Jalapeno · 31 d', '#81FEA0'],
  ])('%s after %d days', (label, days, message, color) => {
    expect(badge(label, days)).toMatchObject({ message, color });
  });

  test('is gray for what was never graded, and is not there for another name', () => {
    const found = imageBadge('config', { graded: undefined, days: 0, about: '<app>' });
    expect(JSON.parse(found?.json ?? '')).toMatchObject({ message: 'unknown', color: '#9F9F9F' });
    expect(found?.svg).toContain('fill="#9F9F9F"');
    expect(found?.svg).toContain('<desc id="about">&lt;app&gt;</desc>');
    expect(badge('shade', 0)).toBeUndefined();
  });
});
