import { expect, test } from 'vitest';
import { parsePlatform } from '../../src/image/platforms.ts';
import { lookup } from '../../src/lib/json.ts';

const INHERITED = ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf'];

test('a table finds its own names', () => {
  const table = lookup({ a: 1, constructor: 2 });
  expect([table['a'], table['constructor'], table['b']]).toEqual([1, 2, undefined]);
  expect(Object.keys(table)).toEqual(['a', 'constructor']);
});

test.each(INHERITED)('and no other: %s', (name) => {
  expect(lookup({ a: 1 })[name]).toBeUndefined();
});

test.each(INHERITED.map((name) => name.toLowerCase()))(
  'a processor called %s is one of that name',
  (name) => {
    expect(parsePlatform(`linux/${name}`)).toEqual({ os: 'linux', architecture: name });
  },
);
