import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { describe, expect, test } from 'vitest';
import { jsonComparison, jsonDifference } from '../../src/report/json.ts';
import { markdownSheet } from '../../src/report/markdown.ts';
import { terminalSheet } from '../../src/report/terminal.ts';
import { textWidth } from '../../src/report/text-width.ts';
import { comparisonOf, differenceOf, packageOf, sampleInput } from './sample-contents.ts';
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
        terminalSheet(comparisonOf(...many), { width, color: false, unicode }),
        terminalSheet(comparisonOf(...many, ...many), { width, color: false, unicode }),
        terminalSheet(differenceOf(odd, sampleInput()), { width, color: false, unicode }),
        terminalSheet(differenceOf(old, now), { width, color: false, unicode }),
      ]) {
        for (const line of text.split('\n')) expect(textWidth(line)).toBeLessThanOrEqual(width);
        expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
        if (!unicode) expect(text).toMatch(/^[\n\u0020-\u007e]*$/);
      }
  });

  test('every image and every criterion has its place, however many blocks it takes', () => {
    const lines = terminalSheet(comparisonOf(...many), PLAIN).split('\n');
    expect(
      lines
        .filter((line) => /^ {5,}\[\d\]/.test(line))
        .join(' ')
        .match(/\[\d\]/g),
    ).toHaveLength(8);
    expect(lines.filter((line) => line.startsWith(' 3 no-shell'))).toHaveLength(2);
    expect(lines[0]).toMatch(/^ \[1\] registry\.example\.com\/app:1 .* level 0 None$/);
  });

  test('of more than ten, each image has a line with what it lacks, and each criterion its counts', () => {
    const text = terminalSheet(comparisonOf(...many, ...many), { ...PLAIN, width: 120 });
    const lines = text.split('\n');
    expect(lines.filter((line) => line.startsWith(' registry.example.com/app:1 '))).toHaveLength(8);
    expect(lines[1]).toMatch(/ 0 {6}\S+ +\d+\/23 +no-secrets$/);
    expect(lines.filter((line) => / no-shell /.test(line))).toEqual([
      expect.stringMatching(/^ 3 no-shell +\S 16$/),
    ]);
    const markdown = markdownSheet(comparisonOf(...many, ...many));
    expect(markdown).toMatch(
      /\| registry\.example\.com\/app:1 \| 0 None \| \S+ \(\d+\/23\) \| no-secrets \|/,
    );
    expect(markdown).toMatch(/\| no-shell \(level 3\) \| .* 16 \|/);
  });
});

describe('in Markdown', () => {
  test('every row has as many cells as its head, whatever the images are called', () => {
    for (const text of [
      markdownSheet(comparisonOf(sampleInput(), odd)),
      markdownSheet(comparisonOf(...Array.from({ length: 11 }, () => odd))),
      markdownSheet(differenceOf(odd, sampleInput())),
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
