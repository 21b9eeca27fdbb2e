import { describe, expect, test } from 'vitest';
import { code, literal } from '../../src/report/text.ts';

describe('literal', () => {
  test.each([
    ['usr/bin/x_y', 'usr/bin/x\\_y'],
    ['a|b', 'a\\|b'],
    ['<img src=x>', '&lt;img src=x&gt;'],
    ['[x](y) `z`', '\\[x\\]\\(y\\) \\`z\\`'],
    ['&lt;', '&amp;lt;'],
    ['@octocat', '@<!-- -->octocat'],
    ['me@example.com', 'me@<!-- -->example.com'],
    ['https://evil.example', 'https:<!-- -->//evil.example'],
    ['www.evil.example', 'www.<!-- -->evil.example'],
    ['see #12', 'see \\#<!-- -->12'],
    ['a\n# b\u202e', 'a \\# b\ufffd'],
    ['x'.repeat(400), `${'x'.repeat(299)}…`],
  ])('%j is written %j', (text, written) => {
    expect(literal(text)).toBe(written);
  });
});

describe('code', () => {
  test.each([
    ['plain', '`plain`'],
    ['a`b``c', '``` a`b``c ```'],
    ['`', '`` ` ``'],
    [' spaced ', '`  spaced  `'],
    ['', '(empty)'],
    ['a|b', '`a|b`'],
    ['@octocat', '`@octocat`'],
  ])('%j is written %j', (text, written) => {
    expect(code(text)).toBe(written);
  });

  test('in a table a bar is escaped', () => {
    expect(code('a|b', 'cell')).toBe('`a\\|b`');
  });
});
