import { describe, expect, test } from 'vitest';
import { hashComment, isAnchored, stringLiteral } from '../../src/trust/policy.ts';

describe('a pattern from end to end', () => {
  test.each([
    ['^https://github\\.com/o/r/.*$', true],
    ['^(?:a|b)$', true],
    ['^[a|b]$', true],
    ['^[]|]$', true],
    ['https://github.com/o/r', false],
    ['^a', false],
    ['a$', false],
    ['^a\\$', false],
    ['^a|b$', false],
    ['^(a)|(b)$', false],
    ['(?m)^a$', false],
    ['^(?m:a)$', false],
    ['^\\Q$|', false],
    ['^\\Qa\\E|b$', false],
  ])('%s: %s', (pattern, expected) => {
    expect(isAnchored(pattern)).toBe(expected);
  });
});

test('nothing ends a comment or a string before its end', () => {
  const text = 'a\nb\r\u0085c\u2028d"\\(e) #{f}';
  expect(hashComment([text])).toBe('# a b c d"\\(e) #{f}\n');
  expect(JSON.parse(stringLiteral(text))).toBe(text);
  expect(stringLiteral(text)).not.toMatch(/[\n\r\u0085\u2028]/);
});
