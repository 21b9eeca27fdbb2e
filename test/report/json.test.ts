import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { describe, expect, test } from 'vitest';
import { jsonReport } from '../../src/report/json.ts';
import { factsOf } from '../criteria/facts-builder.ts';
import { sampleScorecard, twoPlatforms } from './sample-scorecard.ts';

const SCHEMA = join(import.meta.dirname, '../../schema/scorecard-1.json');
const ajv = new Ajv2020({ strict: true, allErrors: true });
addFormats.default(ajv);
const validate = ajv.compile(JSON.parse(readFileSync(SCHEMA, 'utf8')) as object);

function errorsOf(text: string): unknown {
  return validate(JSON.parse(text)) ? [] : validate.errors;
}

describe('jsonReport', () => {
  test.each([
    ['a flawed image', sampleScorecard()],
    ['an image of which nothing is known', sampleScorecard(factsOf())],
    ['two platforms', twoPlatforms()],
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
