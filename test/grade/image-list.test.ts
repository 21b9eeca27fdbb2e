import { describe, expect, test } from 'vitest';
import { parseImageList } from '../../src/grade/fleet.ts';

test.each([
  ['a:1\nb@sha256:00\n', ['a:1', 'b@sha256:00']],
  ['\uFEFFa\r\n\r\n  b  \r\n', ['a', 'b']],
  ['# all of them\na # the first\n\t#x\nb#c', ['a', 'b#c']],
  ['a\nb\na', ['a', 'b']],
  ['oci:/my folder\n./an archive.tar', ['oci:/my folder', './an archive.tar']],
  ['\n\n', []],
])('%j lists %j', (text, images) => {
  expect(parseImageList(text)).toEqual({ ok: true, value: images });
});

describe('what is no image', () => {
  test('is named with its line: a Dockerfile is no list', () => {
    expect(parseImageList('# syntax=x\n\nFROM debian\n')).toEqual({
      ok: false,
      error: 'line 3 is not an image: "FROM debian"',
    });
  });
  test('stdin is none: it holds the list, or one archive only', () => {
    expect(parseImageList('a\n-')).toMatchObject({ ok: false });
  });
});
