import { expect, test } from 'vitest';
import {
  addressWithoutSecrets,
  maskText,
  publicSourceUrl,
  shownValue,
  shownWord,
} from '../../src/build/shown-command.ts';
import { cellText, tableRows } from '../fakes/table.ts';

const SHOWN = { word: shownWord, text: maskText, source: publicSourceUrl };

test.each(tableRows('test/build/shown-command.tsv'))('%s %s: %s', (kind, given, shown?: string) => {
  const whole = cellText(given).replace('@NOTHING', '');
  const text = whole.replace('@GHP', `ghp_${'a'.repeat(36)}`);
  expect(SHOWN[kind as keyof typeof SHOWN](text)).toBe(shown);
});

test('a flag of a later buildx is read by the same rule', () => {
  expect(shownValue('buildx-arg', '--cache-to=type=s3,secret_access_key=x')).toBe(
    '--cache-to=type=s3',
  );
});

test('a folder stays as it is', () => {
  for (const path of ['.', 'a b/c', './?x', 'C:/x']) expect(addressWithoutSecrets(path)).toBe(path);
});
