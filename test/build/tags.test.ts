import { expect, test } from 'vitest';
import { imageNames } from '../../src/build/annotations.ts';

test('names are full, each once, in order', () => {
  expect(imageNames(['app', 'docker.io/library/app:latest', 'r:5000/a/b:1', 'u/x'], ['z'])).toEqual(
    {
      ok: true,
      value: ['docker.io/library/app:latest', 'r:5000/a/b:1', 'docker.io/u/x:latest'],
    },
  );
});

test.each([
  ['App', 'invalid tag "App": repository name must be lowercase'],
  ['a b', 'invalid tag "a b": invalid reference format'],
  ['a:', 'invalid tag "a:": invalid reference format'],
  [
    `a@sha256:${'0'.repeat(64)}`,
    `invalid tag "a@sha256:${'0'.repeat(64)}": refusing to create a tag with a digest reference`,
  ],
])('%s', (tag, error) => {
  expect(imageNames([tag], [])).toEqual({ ok: false, error });
});
