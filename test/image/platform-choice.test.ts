import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  matchesPlatform,
  normalPlatform,
  parsePlatform,
  platformRanks,
} from '../../src/image/platforms.ts';
import { type Platform, platformName } from '../../src/model/image.ts';
import { yamlTable } from '../fakes/table.ts';

const TABLE = yamlTable('test/image/platform-choice.yaml') as {
  readonly read: readonly [string, Platform?][];
  readonly matches: readonly [string, string, boolean][];
  readonly named: readonly [string, string, string, string][];
  readonly runs: readonly [string, string[]][];
};

test.each(TABLE.read)('%j', (text, expected) => {
  expect(parsePlatform(text)).toEqual(expected);
});

test.each(TABLE.matches)('%s asked, %s there: %s', (wanted, there, expected) => {
  const [asked, found] = [parsePlatform(wanted), parsePlatform(there)];
  expect(asked && found && matchesPlatform(found, asked)).toBe(expected);
});

test.each(TABLE.named)('%j %j %j is %s', (os, architecture, variant, name) => {
  expect(platformName(normalPlatform({ os, architecture, variant }))).toBe(name);
});

const rank = (there: string, asked: Platform): number =>
  platformRanks(parsePlatform(there) ?? asked, asked)[0] ?? NaN;

test.each(TABLE.runs)('%s runs %j, the first first', (wanted, runs) => {
  const asked = parsePlatform(wanted) ?? { os: '', architecture: '' };
  const ranks = runs.map((one) => rank(one, asked));
  expect(ranks).toEqual([...ranks].sort((a, b) => a - b));
  expect(new Set(ranks).size).toBe(runs.length);
  expect(ranks[0]).toBe(0);
  for (const other of ['linux/riscv64', 'windows/amd64', 'linux/arm/v4'])
    expect(rank(other, asked)).toBe(Infinity);
});

test('without a variant a runtime takes the usual one, and no other of the processor', () => {
  const asked = parsePlatform('linux/amd64') ?? { os: '', architecture: '' };
  expect(rank('linux/amd64/v1', asked)).toBe(0);
  expect(rank('linux/386', asked)).toBe(1);
  expect(rank('linux/amd64/v3', asked)).toBe(Infinity);
});

test('an older engine on arm64 v9 takes arm before an older arm64', () => {
  const asked = parsePlatform('linux/arm64/v9') ?? { os: '', architecture: '' };
  const ranks = ['linux/arm64/v8', 'linux/arm/v9', 'linux/arm/v8'].map((one) =>
    platformRanks(parsePlatform(one) ?? asked, asked),
  );
  expect(ranks).toEqual([
    [7, Infinity],
    [Infinity, 1],
    [8, 2],
  ]);
});

test('a platform that is read twice is read once, and always runs what it is', () => {
  const text = fc.oneof(
    fc.constantFrom('', 'Linux', 'amd64', 'ARM', 'armhf', 'v8', '8', 'V7', 'v1', 'macos', 'arm64'),
    fc.string({ maxLength: 5 }),
  );
  fc.assert(
    fc.property(text, text, text, (os, architecture, variant) => {
      const once = normalPlatform({ os, architecture, variant });
      expect(normalPlatform(once)).toEqual(once);
      expect(platformRanks(once, once)[0]).toBe(0);
    }),
  );
});
