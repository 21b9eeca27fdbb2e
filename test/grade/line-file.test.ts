import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Kept, openLineFile } from '../../src/grade/line-file.ts';
import { temporaryFolder } from '../fakes/layouts.ts';

const keepAll = (): Kept => 'keep';
const path = (): string => join(temporaryFolder(), 'lines');
const read = (file: string): string => readFileSync(file, 'utf8');

test('a file of something else is refused and left as it is', async () => {
  const file = path();
  writeFileSync(file, 'a\nFROM debian\n');
  await expect(openLineFile(file, (l) => (l === 'a' ? 'drop' : 'foreign'))).rejects.toThrow(
    'is not a file of results: see line 2',
  );
  expect(read(file)).toBe('a\nFROM debian\n');
  expect(existsSync(`${file}.lock`)).toBe(false);
});

test('two runs do not write one file', async () => {
  const file = path();
  const first = await openLineFile(file, keepAll);
  await expect(openLineFile(file, keepAll)).rejects.toThrow('another run writes');
  await first.close();
  await (await openLineFile(file, keepAll)).close();
});

test('a line without an end is not read for ever', async () => {
  const file = path();
  writeFileSync(file, 'x'.repeat(3 * 1024 * 1024));
  await expect(openLineFile(file, keepAll)).rejects.toThrow('a line of over 1 MiB');
});
