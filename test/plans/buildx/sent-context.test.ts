import { expect, test } from 'vitest';
import { namedContext, withContext, withFile } from '../../../src/plans/buildx/sent-context.ts';

test('the context is the last word and stays it', () => {
  expect(withContext(['buildx', 'build', '.'], '/there')).toEqual(['buildx', 'build', '/there']);
  expect(withFile(['buildx', '.'], '/f')).toEqual(['buildx', '--file=/f', '.']);
  expect(withFile(['buildx', '--', '-odd'], '/f')).toEqual(['buildx', '--file=/f', '--', '-odd']);
});

test.each([
  ['--build-context=lib=../lib', { name: 'lib', path: '../lib' }],
  ['--build-context=lib=a=b', { name: 'lib', path: 'a=b' }],
  ['--build-context=lib=docker-image://alpine:3', undefined],
  ['--build-context=lib=oci-layout:///x', undefined],
  ['--build-context=lib=target:base', undefined],
  ['--build-context=lib=https://example.com/r.git', undefined],
  ['--build-context=lib=', undefined],
  ['--build-arg=lib=../lib', undefined],
])('%s is a folder: %j', (word, expected) => {
  expect(namedContext(word)).toEqual(expected);
});
