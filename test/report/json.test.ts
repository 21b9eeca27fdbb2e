import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Evidence } from '../../src/model/criterion.ts';
import type { Scorecard } from '../../src/model/scorecard.ts';
import {
  failedLine,
  FLEET_LINE_START,
  fleetLineText,
  jsonReport,
  parseFleetLine,
} from '../../src/report/json.ts';
import { jsonText } from '../../src/report/text.ts';
import { factsOf } from '../criteria/facts-builder.ts';
import { sampleScorecard, twoPlatforms } from './sample-scorecard.ts';

const SCHEMA = join(import.meta.dirname, '../../schema/scorecard-1.json');
const ajv = new Ajv2020({ strict: true, allErrors: true });
addFormats.default(ajv);
const validate = ajv.compile(JSON.parse(readFileSync(SCHEMA, 'utf8')) as object);

function errorsOf(text: string): unknown {
  return validate(JSON.parse(text)) ? [] : validate.errors;
}

/** The card with what is found in the Dockerfile found in the image's history. */
function ofHistory(card: Scorecard): Scorecard {
  const criteria = card.criteria.map((one) => ({
    ...one,
    evidence: one.evidence.map((found): Evidence =>
      found.kind === 'dockerfile' ? { ...found, inHistory: true } : found,
    ),
  }));
  return { ...card, criteria };
}

describe('jsonReport', () => {
  test.each([
    ['a flawed image', sampleScorecard()],
    ['an image of which nothing is known', sampleScorecard(factsOf())],
    ['two platforms', twoPlatforms()],
    ['an image that its history alone describes', ofHistory(sampleScorecard())],
    [
      'a platform that was not judged',
      {
        ...sampleScorecard(),
        notGraded: [{ platform: 'linux/arm64', reason: 'not-held' }],
      } as const,
    ],
  ])('%s is valid by schema/scorecard-1.json', (_name, card) => {
    expect(errorsOf(jsonReport(card))).toEqual([]);
  });

  test('every kind of evidence occurs in the sample', () => {
    const kinds = sampleScorecard().criteria.flatMap(({ evidence }) =>
      evidence.map(({ kind }) => kind),
    );
    expect([...new Set(kinds)].sort()).toEqual([
      'attestation',
      'config',
      'dockerfile',
      'file',
      'image',
      'note',
      'package',
      'vulnerability',
    ]);
  });

  test('the schema refuses another version and an outcome that does not exist', () => {
    const card = JSON.parse(jsonReport(sampleScorecard())) as { criteria: { outcome: string }[] };
    expect(validate({ ...card, schemaVersion: '2' })).toBe(false);
    const [first, ...rest] = card.criteria;
    expect(validate({ ...card, criteria: [{ ...first, outcome: 'maybe' }, ...rest] })).toBe(false);
  });

  test('has the fields that readers build on, in this order', () => {
    const card = JSON.parse(jsonReport(sampleScorecard())) as Record<string, unknown>;
    expect(Object.keys(card).slice(0, 10)).toEqual([
      'schemaVersion',
      'image',
      'digest',
      'platforms',
      'level',
      'levelName',
      'overall',
      'checked',
      'vectors',
      'criteria',
    ]);
    expect(card).toMatchObject({
      schemaVersion: '1',
      level: 0,
      overall: { points: 8, total: 23, grade: 'D' },
      vectors: { vulnerabilities: { points: 2, total: 4, grade: 'B' } },
    });
  });
});

test.each([
  ['\u009b31m', '\\u009b31m'],
  ['\u202egnp\u2066', '\\u202egnp\\u2066'],
  ['\u{e0041}', '\\udb40\\udc41'],
  ['\u2028\u007f\u200b', '\\u2028\\u007f\\u200b'],
  ['é 漢 😀 ❤\ufe0f', 'é 漢 😀 ❤\ufe0f'],
  ['a\n\t\u001b', 'a\\n\\t\\u001b'],
])('%j is written as %s', (text, written) => {
  expect(jsonText({ text })).toBe(`{\n  "text": "${written}"\n}\n`);
});

test('nothing is lost', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })),
      (value) => {
        expect(JSON.parse(jsonText(value))).toEqual(JSON.parse(JSON.stringify(value)));
      },
    ),
  );
});

const head = {
  image: 'app:1',
  asked: 'x',
  tool: { name: 'scoville', version: '1' },
  at: '2026-01-01T00:00:00.000Z',
} as const;

test('a line begins as every line does, is one line, and obeys no terminal', () => {
  const text = fleetLineText(failedLine(head, { message: 'a\nb\u001b[2J\u202e' }));
  expect(text.startsWith(FLEET_LINE_START)).toBe(true);
  expect(text).toContain('a\\nb\\u001b[2J\\u202e');
  expect(parseFleetLine(text)).toEqual({
    schemaVersion: '1',
    status: 'failed',
    ...head,
    error: { message: 'a\nb\u001b[2J\u202e' },
  });
});

describe('what is no whole line is not taken for one', () => {
  const whole = fleetLineText(failedLine(head, { message: 'no' }));
  test.each([
    whole.slice(0, -1),
    '',
    'null',
    '{"schemaVersion":"1","status":"graded","image":"a","asked":"x"}',
    '{"schemaVersion":"1","status":"passed","image":"a","asked":"x"}',
    '{"schemaVersion":"2","status":"failed","image":"a","asked":"x"}',
  ])('%s', (text) => {
    expect(parseFleetLine(text)).toBeUndefined();
  });
});
