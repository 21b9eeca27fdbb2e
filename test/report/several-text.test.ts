import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { describe, expect, test } from 'vitest';
import { jsonComparison, jsonDifference } from '../../src/report/json.ts';
import { markdownComparison, markdownDifference } from '../../src/report/markdown.ts';
import { terminalComparison, terminalDifference } from '../../src/report/terminal-several.ts';
import { textWidth } from '../../src/report/text-width.ts';
import { packageOf, sampleInput } from './sample-contents.ts';
import { sampleFacts, sampleScorecard } from './sample-scorecard.ts';

const hostile = 'x\u001b[2J\u202e世界'.repeat(20);
const odd = { scorecard: sampleScorecard(sampleFacts(hostile), hostile) };
const old = sampleInput({ packages: [packageOf('a', '1'), packageOf(hostile, '1')] });
const now = sampleInput({ packages: [packageOf('a', '2')] });
const PLAIN = { color: false, unicode: true };

describe('on a terminal', () => {
  const many = [sampleInput(), odd, sampleInput(), odd, sampleInput(), odd, sampleInput(), odd];

  test.each([40, 60, 80, 120])('both fit into %i columns, in ASCII too', (width) => {
    for (const unicode of [true, false])
      for (const text of [
        terminalComparison(many, { width, color: false, unicode }),
        terminalDifference(odd, sampleInput(), { width, color: false, unicode }),
        terminalDifference(old, now, { width, color: false, unicode }),
      ]) {
        for (const line of text.split('\n')) expect(textWidth(line)).toBeLessThanOrEqual(width);
        expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
        if (!unicode) expect(text).toMatch(/^[\n\u0020-\u007e]*$/);
      }
  });

  test('every image and every criterion has its place, however many blocks it takes', () => {
    const lines = terminalComparison(many, PLAIN).split('\n');
    expect(
      lines
        .filter((line) => /^ {5,}\[\d\]/.test(line))
        .join(' ')
        .match(/\[\d\]/g),
    ).toHaveLength(8);
    expect(lines.filter((line) => line.startsWith(' 3 no-shell'))).toHaveLength(2);
    expect(lines[0]).toMatch(/^ \[1\] registry\.example\.com\/app:1 .* level 0 None$/);
  });

  test('a difference shows levels, points, outcomes, packages and size', () => {
    const better = sampleScorecard();
    const criteria = better.criteria.map((one) =>
      one.id === 'no-shell' ? { ...one, outcome: 'pass' as const, summary: 'no shell' } : one,
    );
    const overall = { ...better.overall, points: better.overall.points + 1 };
    const after = {
      ...now,
      scorecard: { ...better, level: 1, levelName: 'Pimiento', criteria, overall },
    };
    const text = terminalDifference(old, after, PLAIN);
    expect(text).toMatch(/^ \[1\] .* level 0 None\n \[2\] .* level 1 Pimiento\n/);
    expect(text).toMatch(/Overall +D +8\/23 +D +9\/23\n/);
    expect(text).toContain(' + ✖ → ✔ 3 no-shell              no shell\n');
    expect(text).toContain(' Packages: 0 added, 1 removed, 1 changed\n');
    expect(text).toContain(' ~ npm a 1 → 2\n');
    expect(text).toMatch(/Size +4\.0 kB +4\.0 kB\n Packages +2 +1\n/);
  });
});

describe('in Markdown', () => {
  test('every row has as many cells as its head, whatever the images are called', () => {
    for (const text of [
      markdownComparison([sampleInput(), odd]),
      markdownDifference(odd, sampleInput()),
    ]) {
      const rows = text.split('\n').filter((line) => line.startsWith('|'));
      expect(rows.length).toBeGreaterThan(5);
      for (const block of text.split('\n\n')) {
        const there = block.split('\n').filter((line) => line.startsWith('|'));
        const cells = there.map((line) => line.replace(/\\\|/g, '').split('|').length);
        expect(new Set(cells).size).toBeLessThanOrEqual(1);
      }
    }
  });

  test('packages stand behind a fold', () => {
    expect(markdownDifference(old, now)).toContain('- `~ npm a 1 → 2`');
    expect(markdownDifference(now, now)).toContain('The same packages.');
    expect(markdownDifference(now, now)).toContain('Every criterion came out as before.');
  });
});

describe('as JSON', () => {
  const ajv = new Ajv2020({
    strict: true,
    allErrors: true,
    allowUnionTypes: true,
    strictTypes: false,
  });
  addFormats.default(ajv);
  const schema = (name: string): object =>
    JSON.parse(readFileSync(join(import.meta.dirname, '../../schema', name), 'utf8')) as object;
  ajv.addSchema(schema('scorecard-1.json'), 'scorecard-1.json');

  test.each([
    ['comparison-1.json', jsonComparison([sampleInput(), odd])],
    ['difference-1.json', jsonDifference(old, now)],
    ['difference-1.json', jsonDifference(odd, now)],
  ])('valid by %s', (name, text) => {
    const validate = ajv.compile(schema(name));
    expect(validate(JSON.parse(text)) ? [] : validate.errors).toEqual([]);
  });

  test('an outcome that is not there is null, not left out', () => {
    const fewer = { ...sampleScorecard(), criteria: sampleScorecard().criteria.slice(1) };
    const { criteria } = JSON.parse(jsonComparison([{ scorecard: fewer }, sampleInput()])) as {
      criteria: { id: string; outcomes: unknown[] }[];
    };
    expect(criteria.find(({ id }) => id === 'minimal-base')?.outcomes[0]).toBeNull();
  });
});
