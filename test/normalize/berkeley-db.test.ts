import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { contentAfter, sample } from './sample-layer.ts';

/** Berkeley DB 5.3 with pages of 512 bytes: a key and a value, twice each; the last with checksums. */
const [HASH, SECOND_HASH, TREE, SECOND_TREE, SUMMED] = [
  'H4sIAAAAAAACA2NgYGBgZICARFE2Bk4QgwmIOSBiTAyYoKBpFQPDPwaGpO7s65LFEDFGJHNg/Iu9GXHo4qNgFIyCwQ' +
    'UY0fI5E8MfRgbef4xAkuz8zzCa/wd/vJcxZgMAdSj4PAAGAAA=',
  'H4sIAAAAAAACA2NgYGBgZICARFE2Bk4QgwmIOSBiTAyYgL1nFQPDPwaGj0sZHJSLIWKMSObA+Bd7M+LQxUfBKBgFgw' +
    'swouVzJoY/jAy8/xiBJNn5n2E0/w/+eC9jzAYAiJEkTwAGAAA=',
  'H4sIAAAAAAACA2NgYGBgZICAJENWBk4QgwmIOSFizAyoQAEk3bOKgeEfA8OLVRs3yhcj5JiQ1DAyjIKhAhjR4ouJ4Q' +
    'sjI+sfxi+MmPE4Gv9DH7CAY4cJSDJWwOKfCUf+ZyIz/plHg3lI5X9mlPz/A5z/f4xm4mEc54xlQJwNAOuju6QACAAA',
  'H4sIAAAAAAACA2NgYGBgZICAJENWBk4QgwmIOSFizAyoQAEk1bOKgeEfA4P9NKdozWKEHBOSGkaGUTBUACNafDExfG' +
    'FkZP3D+IURMx5H43/oAxZw7DABScYKWPwz4cj/TGTGP/NoMA+p/M+Mkv9/gPP/j9FMPIzjnLEMiLMBMjauxQAIAAA=',
  'H4sIAAAAAAACA2NgYGBgZICAJENWBk4QgwmIOSGiMDlkwNizioHhHwND7b6QU7LFCHEmKK2AQ98oGFhwwfSvOjZxRr' +
    'T4YmL4wcjIysiQuezJhD+MPxhH43/4xT8jA2MZEGcDAKOcERMABAAA',
].map((text) => gunzipSync(Buffer.from(text, 'base64'))) as [
  Buffer,
  Buffer,
  Buffer,
  Buffer,
  Buffer,
];
const HASHES = [HASH, SECOND_HASH] as const;
const TREES = [TREE, SECOND_TREE] as const;

const [ID, ID_END] = [52, 72];
const after = (file: Uint8Array, path = 'etc/aliases.db'): Promise<Buffer> =>
  contentAfter(sample(path, Buffer.from(file)));

test.each([
  ['of a hash', HASHES],
  ['of two databases in one file', TREES],
])('the same file %s becomes the same, and a second time nothing changes', async (_, [a, b]) => {
  expect(a.equals(b)).toBe(false);
  const [one, two] = [await after(a), await after(b)];
  expect(one.equals(two)).toBe(true);
  expect((await after(one)).equals(one)).toBe(true);
});

test('only the id changes, in all its places, and another path has another', async () => {
  const [tree] = TREES;
  const [one, other] = [await after(tree), await after(tree, 'etc/other.db')];
  const idOf = (bytes: Buffer): Buffer => bytes.subarray(ID, ID_END);
  expect(idOf(one).equals(idOf(other))).toBe(false);
  const without = (bytes: Buffer): string =>
    bytes.toString('hex').replaceAll(idOf(bytes).toString('hex'), '-');
  expect(without(one)).toBe(without(tree));
  expect(without(one).match(/-/g)).toHaveLength(3);
});

test('a file with checksums stays, and one that only begins like one', async () => {
  expect((await after(SUMMED)).equals(SUMMED)).toBe(true);
  const short = TREES[0].subarray(0, ID_END - 1);
  expect((await after(short)).equals(short)).toBe(true);
});
