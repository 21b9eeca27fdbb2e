import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { differencesReport, imageDifferencesJson } from '../../src/report/compare.ts';
import { sameImages, sampleDifferences } from './sample-differences.ts';

const SCHEMA = join(import.meta.dirname, '../../schema/image-comparison-1.json');
const ajv = new Ajv2020({ strict: true, strictTypes: false, allErrors: true });
const validate = ajv.compile(JSON.parse(readFileSync(SCHEMA, 'utf8')) as object);

describe('as JSON', () => {
  test.each([
    ['what differs', sampleDifferences()],
    ['what is the same', sameImages()],
  ])('%s is valid by schema/image-comparison-1.json', (_, comparison) => {
    const found: unknown = JSON.parse(imageDifferencesJson(comparison));
    expect(validate(found) ? [] : validate.errors).toEqual([]);
  });

  test('every difference has all that is asked for, null where it is not known', () => {
    const { reproducible, first, differences, source } = JSON.parse(
      imageDifferencesJson(sampleDifferences()),
    ) as {
      readonly reproducible: boolean;
      readonly first: object;
      readonly differences: readonly object[];
      readonly source: object;
    };
    expect(reproducible).toBe(false);
    expect(first).toMatchObject({ digest: `sha256:${'a'.repeat(64)}` });
    const names = ['layer', 'path', 'kind', 'class', 'line', 'cause', 'remedy'];
    expect(Object.keys(differences[0] ?? {})).toEqual(expect.arrayContaining(names));
    expect(differences[0]).toMatchObject({ layer: null, line: null, remedy: null });
    expect(source).toMatchObject({ verifiedBy: 'cosign.pub' });
    expect(JSON.parse(imageDifferencesJson(sameImages()))).toMatchObject({ source: null });
  });
});

describe('as text', () => {
  test('nothing of an image reaches the terminal as a control', () => {
    const text = differencesReport(sampleDifferences('\u001b[2Jx\u202e'));
    expect(text).not.toMatch(/[\u001b\u202e]/);
  });
});
