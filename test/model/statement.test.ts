import { expect, test } from 'vitest';
import { digestOf } from '../../src/model/reference.ts';
import { isAboutPlatform } from '../../src/model/statement.ts';

const [root, amd64, arm64, other] = ['root', 'amd64', 'arm64', 'other'].map(digestOf);
if (root === undefined || amd64 === undefined || arm64 === undefined || other === undefined)
  throw new Error('four digests');

test.each([
  ['its manifest', [amd64], true],
  ['its manifest and the root', [amd64, root], true],
  ['the root and all manifests', [root, amd64, arm64], true],
  ['the root alone', [root], true],
  ['the root, named for another image too', [root, other], true],
  ['another platform, found by the root', [arm64, root], false],
  ['another platform', [arm64], false],
  ['another image', [other], false],
  ['nothing', [], false],
])('a statement about %s', (_what, subjects, isAbout) => {
  expect(isAboutPlatform(subjects, { root, platform: amd64 }, [amd64, arm64])).toBe(isAbout);
});
