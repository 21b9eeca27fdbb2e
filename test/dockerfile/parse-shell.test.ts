import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseShell } from '../../src/dockerfile/shell/parse-shell.ts';
import { cpuMs } from '../cpu-time.ts';

describe('parseShell', () => {
  test.each([
    ['a "b', 'unterminated double quote'],
    ["a 'b", 'unterminated single quote'],
    ['if a; then b', "expected 'fi' to close 'if'"],
    ['$(a', 'unterminated command substitution'],
    ['a; fi', "unexpected token 'fi'"],
    ['(a', "expected ')' to close subshell"],
    [';', "unexpected token ';'"],
    ['a $(b; fi)', "unexpected token 'fi'"],
    ['a "${x:-$(b; fi)}"', "unexpected token 'fi'"],
    ['a <<E\n$(fi)\nE', "unexpected token 'fi'"],
    ['((x = $(fi)))', "unexpected token 'fi'"],
    ['a > >(fi)', "unexpected token 'fi'"],
    ['a `b \\`fi\\``', "unexpected token 'fi'"],
    ['a ${x/$(b $(c)/d; e)/f}', 'a pattern that is not read'],
    ['a <<E\nb', 'a here-document is not closed'],
    [`a ${'b'.repeat(65_536)}`, 'more than 65536 characters of shell'],
    ['f()'.repeat(20_000), 'shell is nested too deeply'],
    ['a <<E '.repeat(1000), 'more than 1000 here-documents'],
  ])('refuses %j', (text, message) => {
    const parsed = parseShell(text);
    expect(parsed.ok ? 'read' : parsed.error.message).toBe(message);
  });

  test('ends on any input, soon', () => {
    const tokens =
      '$ ( ) { } " \' ` \\ \n ; & | < > # if then fi do done for in case esac [[ ]] (( )) <<E E ${ $( ! = x=1'.split(
        ' ',
      );
    const text = fc.array(fc.constantFrom(...tokens, ' ', 'a'), { maxLength: 60 });
    fc.assert(
      fc.property(text, (parts) => {
        expect(cpuMs(() => parseShell(parts.join('')))).toBeLessThan(500);
      }),
      { numRuns: 2000 },
    );
  });

  const hostile =
    '( $( ` "${ <<E  $(( f() ! {  if  "$( `$( $[ ${a:- ${a/ "" \'\' <( > <<" a=( a[ [[ ( {a, {a,b}{ case x in( coproc  @( ((1+ $\' \\ || a; $(b)'.split(
      / +/,
    );
  test.each(hostile)('bounds the time of %j', (text) => {
    const whole = text.repeat(Math.floor(65_536 / text.length));
    expect(cpuMs(() => parseShell(whole))).toBeLessThan(2000);
  });
});
