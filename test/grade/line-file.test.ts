import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Kept, openLineFile } from '../../src/grade/line-file.ts';
import { temporaryFolder } from '../fakes/layouts.ts';

const keepAll = (): Kept => 'keep';
const path = (): string => join(temporaryFolder(), 'lines');
const read = (file: string): string => readFileSync(file, 'utf8');

test('adds whole lines, in the order they were given, and leaves nothing else behind', async () => {
  const file = path();
  const lines = await openLineFile(file, keepAll);
  await Promise.all(['a', 'b'.repeat(100_000), 'c'].map((line) => lines.append(line)));
  await lines.close();
  expect(read(file)).toBe(`a\n${'b'.repeat(100_000)}\nc\n`);
  expect(readdirSync(join(file, '..'))).toEqual(['lines']);
});

test('goes on behind what is there, without the lines that are dropped', async () => {
  const file = path();
  writeFileSync(file, 'a\nb\nc\n');
  const lines = await openLineFile(file, (l) => (l === 'b' ? 'drop' : 'keep'));
  await lines.append('d');
  await lines.close();
  expect(read(file)).toBe('a\nc\nd\n');
});

test('a last line that was cut off is judged as the last, and one that lacks its end alone gets it', async () => {
  const file = path();
  writeFileSync(file, 'a\nb');
  const judged: [string, boolean][] = [];
  const lines = await openLineFile(file, (line, isLast) => {
    judged.push([line, isLast]);
    return 'keep';
  });
  await lines.append('c');
  await lines.close();
  expect(judged).toEqual([
    ['a', false],
    ['b', true],
  ]);
  expect(read(file)).toBe('a\nb\nc\n');
});

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
