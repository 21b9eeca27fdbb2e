import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseShell } from '../../src/dockerfile/shell/parse-shell.ts';
import type { Command, List, WordPart } from '../../src/dockerfile/shell/syntax-tree.ts';
import { cpuMs } from '../cpu-time.ts';

/** The tree as a short text: words as written, operators, and brackets around bodies. */
function shape(list: List): string {
  return list.items
    .map(({ pipeline, operator }) => {
      const elements = pipeline.elements.map(commandShape).join(' | ');
      return `${pipeline.negated ? '! ' : ''}${elements}${operator === '' ? '' : ` ${operator} `}`;
    })
    .join('');
}

function commandShape(command: Command): string {
  switch (command.kind) {
    case 'simple':
      return [
        ...command.assignments.map((a) => `${a.name}:=${a.value.text}`),
        ...command.words.map((w) => w.text),
      ].join(' ');
    case 'if':
      return `if[${command.branches.map((b) => `${shape(b.condition)}?${shape(b.body)}`).join('/')}${command.otherwise ? `:${shape(command.otherwise)}` : ''}]`;
    case 'loop':
      return `loop[${shape(command.condition)}?${shape(command.body)}]`;
    case 'for':
      return `for[${command.variable}=${command.items.map((w) => w.text).join(',')}:${shape(command.body)}]`;
    case 'case':
      return `case[${command.subject.text}:${command.arms.map(({ body }) => shape(body)).join('/')}]`;
    case 'group':
      return `${command.subshell ? '(' : '{'}${shape(command.body)}${command.subshell ? ')' : '}'}`;
    case 'function':
      return `fn ${command.name}=${commandShape(command.body)}`;
  }
}

function shapeOf(text: string): string {
  const parsed = parseShell(text);
  return parsed.ok ? shape(parsed.value) : `error: ${parsed.error.message}`;
}

describe('parseShell', () => {
  test.each([
    ['set -ex; a && b || c &', 'set -ex ; (a && b || c) & '],
    ['a | b | c', 'a | b | c'],
    ['a\nb # comment\n# another\nc', 'a ; b ; c'],
    ['X=1 Y="a b" cmd "$X"', 'X:=1 Y:="a b" cmd "$X"'],
    ['if a; then b; elif c; then d; else e; fi', 'if[a?b/c?d:e]'],
    ['while read x; do y; done < f', 'loop[read x?y]'],
    ['for i in a "b c" $D; do echo $i; done', 'for[i=a,"b c",$D:echo $i]'],
    ['for i do echo; done', 'for[i=:echo]'],
    ['case "$A" in x|y) b;; (z) c ;; *) d; esac', 'case["$A":b/c/d]'],
    ['f() { a; }; f', 'fn f={a} ; f'],
    ['function g { a; }', 'fn g={a}'],
    ['(a; b) && { c; }', '(a ; b) && {c}'],
    ['! a | b', '! a | b'],
    ['[[ $a == b && -f c ]] && d', '[[ $a == b && -f c ]] && d'],
    ['((i++)); a', '(( i++ ; a'],
    ['x=(a b c) && d', 'x:= && d'],
    ['echo "it is $(date +%s | tr -d x)" `id -u`', 'echo "it is $(date +%s | tr -d x)" `id -u`'],
    ['a 2>&1 >/dev/null <f', 'a'],
    ['bash <(curl x)', 'bash <(curl x)'],
    ['echo ${A:-"b } c"} $((1 + (2))) done', 'echo ${A:-"b } c"} $((1 + (2))) done'],
    ['echo if then fi', 'echo if then fi'],
    ['a \\\n b', 'a b'],
    ['a && b &', '(a && b) & '],
    ['((a); (b))', '((a) ; (b))'],
    ['coproc a; coproc N { b; }', '(a & ) ; ({b} & )'],
    ['a[$i]=y b', 'a:=a[$i]=y b'],
    ['for ((i=0;i<2;i++)); do a; done', 'loop[(( ?a]'],
    ['select x in a b; do c; done', 'for[x=a,b:c]'],
    ['case x in a) b ;& c) d ;; e) f ;;& g) h; esac', 'case[x:b ; d/d/f/h]'],
    ['a |& b', 'a | b'],
    ['time -p a | b', 'a | b'],
    ['! ! a', 'a'],
    ['function f (a) > b', 'fn f=(a)'],
    ['{a,b{c,d}} e{1..3} f{01..2}', '{a,b{c,d}} e{1..3} f{01..2}'],
    ['a\r\nb\r\n', 'a ; b'],
  ])('%j', (text, expected) => {
    expect(shapeOf(text)).toBe(expected);
  });

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
    expect(shapeOf(text)).toBe(`error: ${message}`);
  });

  test('gives here-documents their bodies, expanded unless quoted', () => {
    const parsed = parseShell('cat <<A <<-"B" | sh\none $X\nA\n\ttwo $X\n\tB\necho');
    expect(parsed.ok).toBe(true);
    if (!parsed.ok) return;
    const cat = parsed.value.items[0]?.pipeline.elements[0];
    const bodies = cat?.kind === 'simple' ? cat.redirects.map((r) => r.body) : [];
    const text = (part: WordPart): string =>
      part.kind === 'literal' ? part.value : `<${part.kind}>`;
    expect(bodies.map((b) => b?.parts.map(text))).toEqual([
      ['one ', '<variable>', '\n'],
      ['two $X\n'],
    ]);
    expect(shape(parsed.value)).toBe('cat | sh ; echo');
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
