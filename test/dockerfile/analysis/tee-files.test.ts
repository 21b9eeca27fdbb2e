import { expect, test } from 'vitest';
import { addsTo, teeFiles } from '../../../src/dockerfile/analysis/tee-files.ts';
import { constantField } from '../../../src/dockerfile/shell/fields.ts';

test.each<[string, readonly string[], boolean]>([
  ['tee a b/c', ['a', 'b/c'], false],
  ['/usr/bin/tee a', ['a'], false],
  ['tee -a a', ['a'], true],
  ['tee -ia a', ['a'], true],
  ['tee --append a', ['a'], true],
  ['tee --output-error=warn a', ['a'], false],
  ['tee -- -a', ['-a'], false],
  // GNU's writes a file of that name.
  ['tee -', ['-'], false],
  ['tee a >> b', ['a'], true],
  ['cat -a a', [], false],
])('%s', (text, files, adds) => {
  const argv = text.replace(/ >>.*/, '').split(' ').map(constantField);
  expect(teeFiles({ argv })).toEqual(files);
  expect(addsTo({ argv, text })).toBe(adds);
});
