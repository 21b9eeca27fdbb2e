import { expect, test } from 'vitest';
import { foreignRun } from '../../src/build/images.ts';
import { analyseDockerfile } from '../../src/dockerfile/analyse-dockerfile.ts';

const ABLE = ['linux/amd64', 'linux/amd64/v2'];

function found(text: string, asked: readonly string[], able: readonly string[] = ABLE) {
  const read = analyseDockerfile(text, {});
  if (!read.ok) throw new Error(read.error.message);
  return foreignRun(read.value.model, asked, able);
}

test.each([
  ['FROM a\nRUN x\n', ['linux/amd64', 'linux/arm64'], { platform: 'linux/arm64', line: 2 }],
  ['FROM a AS b\nRUN x\nFROM b\n', ['linux/arm/v7'], { platform: 'linux/arm/v7', line: 2 }],
  [
    'FROM --platform=linux/arm64 a\nRUN x\n',
    ['linux/arm64/v8'],
    { platform: 'linux/arm64', line: 2 },
  ],
  [
    'FROM --platform=$TARGETPLATFORM a\nRUN x\n',
    ['linux/s390x'],
    { platform: 'linux/s390x', line: 2 },
  ],
])('in %j for %j', (text, asked, expected) => {
  expect(found(text, asked)).toEqual(expected);
});

test.each([
  ['where nothing runs', 'FROM a\nCOPY b /\n', ['linux/arm64'], ABLE],
  ['where it runs here', 'FROM a\nRUN x\n', ['linux/amd64', 'linux/386'], ABLE],
  [
    'where the builder’s platform runs it',
    'FROM --platform=$BUILDPLATFORM a AS b\nRUN x\nFROM b AS c\nRUN y\nFROM scratch\nCOPY --from=c /x /\n',
    ['linux/arm64'],
    ABLE,
  ],
  ['in a stage that is not reached', 'FROM a AS b\nRUN x\nFROM a\n', ['linux/arm64'], ABLE],
  ['where the builder can', 'FROM a\nRUN x\n', ['linux/arm64/v8'], [...ABLE, 'linux/arm64']],
])('but not %s', (_, text, asked, able) => {
  expect(found(text, asked, able)).toBeUndefined();
});
