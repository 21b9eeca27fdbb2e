import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { differencesReport, imageDifferencesJson } from '../../src/report/image-differences.ts';
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
  test('one block a layer, each cause once with its remedy', () => {
    const text = differencesReport(sampleDifferences(), { color: false, most: 10 });
    expect(text).toContain('source  https://git.example.com/team/app.git at dddd');
    expect(text).toContain('linux/amd64: config and annotations\n');
    expect(text).toContain('linux/amd64: layer 2, sha256:cccccccccccc, Dockerfile line 4\n');
    expect(text).toContain(', Dockerfile line 5, out of stage build (RUN in lines 2 and 3)\n');
    expect(text).toContain('  and 2 more\n');
    expect(text).toContain('  pyc (12): a compiled Python file');
    expect(text).toContain('do: another remedy of the class');
    expect(text).toContain('7 more differences are not listed.');
    expect(text.trimEnd().split('\n').at(-1)).toBe('Not the same: 22 differences.');
  });

  test('nothing of an image reaches the terminal as a control', () => {
    const text = differencesReport(sampleDifferences('\u001b[2Jx\u202e'), { color: false });
    expect(text).not.toMatch(/[\u001b\u202e]/);
  });
});
