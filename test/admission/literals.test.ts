import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { isAnchored, patternOf, stringLiteral } from '../../src/admission/literals.ts';
import { hashComment, policyYaml } from '../../src/admission/policy-yaml.ts';

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

test('an exact text as a pattern takes itself alone', () => {
  const exact = 'https://ci/a.b(c)*?@refs/heads/[x]$^|\\';
  const pattern = new RegExp(patternOf({ exact }));
  expect([pattern.test(exact), pattern.test(`${exact}x`), pattern.test('https://ci/aXb')]).toEqual([
    true,
    false,
    false,
  ]);
});

test('nothing ends a comment or a string before its end', () => {
  const text = 'a\nb\r\u0085c\u2028d"\\(e) #{f}';
  expect(hashComment([text])).toBe('# a b c d"\\(e) #{f}\n');
  expect(JSON.parse(stringLiteral(text))).toBe(text);
  expect(stringLiteral(text)).not.toMatch(/[\n\r\u0085\u2028]/);
});

test('strings stay strings in YAML 1.1', () => {
  const value = { a: ['no', '1:30', 'on', '~', '=', '0o7', '', 'x: y', 'line\nline\n', ' a\nb'] };
  expect(parse(policyYaml(['c'], [value]), { version: '1.1' })).toEqual(value);
});
