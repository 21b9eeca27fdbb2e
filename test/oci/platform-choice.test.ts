import { expect, test } from 'vitest';
import { matchesPlatform, parsePlatform } from '../../src/oci/platform-choice.ts';

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
