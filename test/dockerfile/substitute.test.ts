import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { substitute } from '../../src/dockerfile/substitute.ts';
import { cpuMs } from '../cpu-time.ts';
import { pieces } from './pieces.ts';

const values: Readonly<Record<string, string>> = {
  A: 'one',
  EMPTY: '',
  PATHS: '/usr/local/bin',
  DOTS: 'v1.2.3.tar.gz',
};
const lookup = (name: string): string | undefined => values[name];

describe('substitute', () => {
  test.each([
    ['$A', 'one'],
    ['x${A}y', 'xoney'],
    ['${A:-d}${NONE:-d}${EMPTY:-d}', 'onedd'],
    ['${A-d}${NONE-d}${EMPTY-d}', 'oned'],
    ['${A:+s}${NONE:+s}${EMPTY:+s}', 's'],
    ['${A+s}${EMPTY+s}', 'ss'],
    ['${NONE:-${A}-${NONE:-deep}}', 'one-deep'],
    ['${DOTS#v}', '1.2.3.tar.gz'],
    ['${DOTS#*.}', '2.3.tar.gz'],
    ['${DOTS##*.}', 'gz'],
    ['${DOTS%.*}', 'v1.2.3.tar'],
    ['${DOTS%%.*}', 'v1'],
    ['${PATHS/local/share}', '/usr/share/bin'],
    ['${PATHS//l/L}', '/usr/LocaL/bin'],
    ['\'$A\' "$A" \\$A', '$A one $A'],
    ['"a b"', 'a b'],
    ['$', '$'],
    ['a$1b$@$$', 'ab'],
    ["${NONE:-'q}'}", 'q}'],
    ['${NONE:-a\\}b}', 'a}b'],
  ])('%s', (text, expected) => {
    expect(substitute(text, lookup)).toEqual({ value: expected, unresolved: [] });
  });

  test('names what has no value and leaves it as it is written', () => {
    expect(substitute('$A\u00e9', lookup).unresolved).toEqual(['A\u00e9']);
    expect(substitute('a-$NONE-${NONE}-${A}', lookup)).toEqual({
      value: 'a-$NONE-${NONE}-one',
      unresolved: ['NONE', 'NONE'],
    });
  });

  test('takes the escape character of the file', () => {
    expect(substitute('`$A\\b', lookup, '`').value).toBe('$A\\b');
  });

  test('ends soon on any pattern', () => {
    const part = fc.constantFrom(...pieces('substitute'));
    fc.assert(
      fc.property(fc.array(part, { maxLength: 80 }), (parts) => {
        expect(cpuMs(() => substitute(parts.join(''), lookup))).toBeLessThan(300);
      }),
    );
    const taken = cpuMs(() => {
      substitute('${X##*a*a*a*a*b}', () => 'a'.repeat(4000));
      substitute('${A:-'.repeat(5000), lookup);
    });
    expect(taken).toBeLessThan(3000);
  });
});
