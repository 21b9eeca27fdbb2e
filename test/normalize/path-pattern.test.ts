import { describe, expect, test } from 'vitest';
import { pathPattern, treePattern } from '../../src/normalize/rule.ts';
import { cpuMs } from '../cpu-time.ts';

describe('a pattern', () => {
  test.each([
    ['var/log/*', 'var/log/a', true],
    ['/var/log/*', 'var/log/a', true],
    ['var/log/*', 'var/log/a/b', false],
    ['var/log/*', 'srv/var/log/a', false],
    ['**/.npm/**', 'root/.npm/a/b', true],
    ['**/.npm/**', '.npm/a', true],
    ['**/.npm/**', 'root/.npm', false],
    ['**/.npm/**', 'root/x.npm/a', false],
    ['a?.txt', 'ab.txt', true],
    ['a?.txt', 'a/.txt', false],
    ['a.txt', 'abtxt', false],
    ['(a|b)[c]$', '(a|b)[c]$', true],
    ['(a|b)[c]$', 'ac', false],
    ['**', 'a\nb/c', true],
  ])('%s on %j: %s', (pattern, path, expected) => {
    expect(pathPattern(pattern)(path)).toBe(expected);
  });

  test('of several, one will do; none means nothing', () => {
    expect(pathPattern('a', 'b')('b')).toBe(true);
    expect(pathPattern()('')).toBe(false);
  });

  test('trees are those that mean all below a folder', () => {
    const isTree = treePattern('a/**', 'b/*', '**/c');
    expect(['a/x', 'b/x', 'x/c'].map(isTree)).toEqual([true, false, false]);
  });

  test('many stars do not take long', () => {
    const taken = cpuMs(() => pathPattern(`${'**/a*'.repeat(6)}b`)('a/'.repeat(60)));
    expect(taken).toBeLessThan(2000);
  });
});
