import { describe, expect, test } from 'vitest';
import { buildWords } from '../../src/build/buildx.ts';
import { imageInvocation, layoutOutput, namedContext } from '../../src/build/plan.ts';
import { parsed } from './given.ts';

const OURS = {
  layout: '/s/b',
  labels: { a: 'b' },
  attestFlags: [{ name: 'provenance', value: 'mode=max' }],
  env: { SOURCE_DATE_EPOCH: '7' },
};

describe('imageInvocation', () => {
  test('a context that looks like a flag stays a context', () => {
    const end = (...argv: readonly string[]): readonly string[] =>
      buildWords(imageInvocation(parsed(...argv), OURS)).slice(-2);
    expect(end('--', '--odd')).toEqual(['--', '--odd']);
    expect(end('-')).toEqual(['--label=a=b', '-']);
  });
});

test('a layout with a comma in its path is one field', () => {
  expect(layoutOutput('/a,b')).toBe('type=oci,"dest=/a,b",tar=false,compression=uncompressed');
});

test.each([
  ['build-context', 'lib=../lib', { name: 'lib', path: '../lib' }],
  ['build-context', 'lib=a=b', { name: 'lib', path: 'a=b' }],
  ['build-context', 'lib=docker-image://alpine:3', undefined],
  ['build-context', 'lib=oci-layout:///x', undefined],
  ['build-context', 'lib=target:base', undefined],
  ['build-context', 'lib=https://example.com/r.git', undefined],
  ['build-context', 'lib=', undefined],
  ['build-arg', 'lib=../lib', undefined],
])('--%s=%s is a folder: %j', (name, value, expected) => {
  expect(namedContext({ name, value })).toEqual(expected);
});
