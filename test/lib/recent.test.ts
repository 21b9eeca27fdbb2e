import { expect, test } from 'vitest';
import { Recent } from '../../src/lib/recent.ts';

test('lets go of what was not used longest, by weight', () => {
  const recent = new Recent<string>(10);
  recent.set('a', 'A', 4);
  recent.set('b', 'B', 4);
  expect(recent.get('a')).toBe('A');
  recent.set('c', 'C', 4);
  expect(['a', 'b', 'c'].map((key) => recent.get(key))).toEqual(['A', undefined, 'C']);
});

test('what is set again weighs once', () => {
  const recent = new Recent<number>(10);
  for (let i = 0; i < 100; i++) recent.set('a', i, 5);
  recent.set('b', 1, 5);
  expect([recent.get('a'), recent.get('b')]).toEqual([99, 1]);
});
