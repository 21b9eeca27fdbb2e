import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  matchesPlatform,
  normalPlatform,
  parsePlatform,
  platformRanks,
} from '../../src/image/platforms.ts';
import { type Platform, platformName } from '../../src/model/image.ts';

test.each([
  ['linux/amd64', { os: 'linux', architecture: 'amd64' }],
  ['amd64', { os: 'linux', architecture: 'amd64' }],
  ['linux/x86_64', { os: 'linux', architecture: 'amd64' }],
  ['linux/aarch64', { os: 'linux', architecture: 'arm64' }],
  ['Linux/ARM/v7', { os: 'linux', architecture: 'arm', variant: 'v7' }],
  ['linux/armel', { os: 'linux', architecture: 'arm', variant: 'v6' }],
  ['windows/amd64', { os: 'windows', architecture: 'amd64' }],
  ['', undefined],
  ['linux/', undefined],
  ['a/b/c/d', undefined],
  ['linux/amd64\u001b', undefined],
])('%j', (text, expected) => {
  expect(parsePlatform(text)).toEqual(expected);
});

test.each([
  ['linux/arm64', 'linux/arm64/v8', true],
  ['linux/arm64/v8', 'linux/arm64', true],
  ['linux/arm/v7', 'linux/arm', true],
  ['linux/arm/v6', 'linux/arm/v7', false],
  ['linux/arm', 'linux/arm/v6', true],
  ['linux/amd64/v3', 'linux/amd64', false],
  ['linux/amd64', 'linux/amd64/v3', true],
  ['linux/amd64', 'windows/amd64', false],
])('%s asked, %s there: %s', (wanted, there, expected) => {
  const [asked, found] = [parsePlatform(wanted), parsePlatform(there)];
  expect(asked && found && matchesPlatform(found, asked)).toBe(expected);
});

test.each([
  ['Linux', 'AMD64', 'V1', 'linux/amd64/v1'],
  ['', 'x86_64', '', 'linux/amd64'],
  ['linux', 'x86-64', '', 'linux/amd64'],
  ['linux', 'aarch64', '8', 'linux/arm64/v8'],
  ['linux', 'arm64', 'v8.0', 'linux/arm64/v8'],
  ['linux', 'armhf', 'v5', 'linux/arm/v7'],
  ['linux', 'armel', '', 'linux/arm/v6'],
  ['linux', 'arm', '6', 'linux/arm/v6'],
  ['linux', 'i386', 'x', 'linux/386'],
  ['macOS', 'ARM64', '', 'darwin/arm64'],
  ['linux', '', '', 'linux/'],
])('%j %j %j is %s', (os, architecture, variant, name) => {
  expect(platformName(normalPlatform({ os, architecture, variant }))).toBe(name);
});

const rank = (there: string, asked: Platform): number =>
  platformRanks(parsePlatform(there) ?? asked, asked)[0] ?? NaN;

test.each([
  ['linux/amd64', ['linux/amd64', 'linux/386']],
  ['linux/amd64/v3', ['linux/amd64/v3', 'linux/amd64/v2', 'linux/amd64', 'linux/386']],
  ['linux/arm64', ['linux/arm64', 'linux/arm/v8', 'linux/arm', 'linux/arm/v6', 'linux/arm/v5']],
  ['linux/arm64/v8.1', ['linux/arm64/v8.1', 'linux/arm64', 'linux/arm/v8', 'linux/arm/v7']],
  ['linux/arm64/v9', ['linux/arm64/v9', 'linux/arm64/v8.5', 'linux/arm64/v8', 'linux/arm/v8']],
  ['linux/arm/v7', ['linux/arm', 'linux/arm/v6', 'linux/arm/v5']],
  ['linux/s390x', ['linux/s390x']],
])('%s runs %j, the first first', (wanted, runs) => {
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
