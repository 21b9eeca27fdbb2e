import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import {
  hashComment,
  indented,
  isAnchored,
  stringLiteral,
  yamlText,
} from '../../src/trust/policy.ts';

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

test('a text stays the same text in YAML 1.1', () => {
  const odd = [
    'no',
    '1:30',
    'on',
    '~',
    '=',
    '0o7',
    '',
    'x: y',
    ' a\nb',
    'a\n\n',
    'é\n',
    'a\u0085\ufeff\n',
  ];
  for (const text of [...odd, '\n', '\na\n', 'line\n  line\n \n\nline\n']) {
    const file = `a:\n  b: ${indented(yamlText(text), 2).trimStart()}\n  c: d\n`;
    expect(parse(file, { version: '1.1' })).toEqual({ a: { b: text, c: 'd' } });
  }
});
