import { expect, test } from 'vitest';
import { parseAnnotations } from '../../src/build/annotations.ts';

test('each level has its own; without a level, manifest and index', () => {
  expect(
    parseAnnotations([
      'a=1',
      'index:b=2=3',
      'manifest,index-descriptor:c=',
      'manifest[linux/arm64]:d=4',
      'manifest-descriptor:e=5',
      '',
      'a=6',
      'manifest:__proto__=7',
    ]),
  ).toEqual({
    ok: true,
    value: {
      index: { a: '6', b: '2=3' },
      indexDescriptor: { c: '' },
      manifest: { a: '6', c: '', ['__proto__']: '7' },
      manifestDescriptor: { e: '5' },
      byPlatform: [{ platform: 'linux/arm64', level: 'manifest', key: 'd', value: '4' }],
    },
  });
});

test.each([
  ['a', 'invalid annotation "a", expected key=value'],
  [
    'Index:a=1',
    'invalid annotation type "Index", expected type and optional platform in square brackets',
  ],
  ['layer:a=1', 'unknown annotation type "layer"'],
  ['constructor:a=1', 'unknown annotation type "constructor"'],
])('%s is refused in the words of buildx', (text, error) => {
  expect(parseAnnotations([text])).toEqual({ ok: false, error });
});
