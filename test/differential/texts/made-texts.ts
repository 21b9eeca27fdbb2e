import type { Random } from '../random.ts';

/* Texts made of what is easily read in two ways. */

const BLANKS = [
  ...[' ', ' ', ' ', ' ', '  ', '\t', ' \\\n ', ' `\n', '\u00a0', '\v', '\r', '\u2003', '\ufeff'],
];
const WORDS =
  'a b=c $A ${A:-x} "a\u0020b" \'c\' a\\ \\" " \' \\ ` # x#y --x --x=y -- = a= =b <<E <<"E" <<-E 3<<E <<<E << <<$A <<E<<F x<<E [ ] ["a"] ["a","b"] ["a"' +
  ' ["a",] [] [1] ["\\ud800"] ["a"]x && ; \\$A é $ ${ ${A AS latest scratch';
const FLAGS =
  '--from=a --link --mount=type=cache,target=/x --network=none --foo --from --link=false --from="a" -- --from=$A --x=y=z';
const KEYWORDS =
  'FROM RUN RUN RUN COPY ADD ENV ARG LABEL USER WORKDIR CMD ENTRYPOINT EXPOSE VOLUME SHELL HEALTHCHECK ONBUILD STOPSIGNAL FOO';
const PIECES =
  'a / . $A ${A} $B $C $U ${U:-x} ${E:-x} ${E-x} ${A:+y} ${E+y} ${A#x} ${A##*x} ${A%x} ${A%%x*} ${A/x/z} ${A//x/z} ${U:-${A}} ${U:-"q"} ${U:-\'q}\'}' +
  ' ${U:-a\\}b} " \' \\ ` \\$ "$A" \'$A\' "a\\b" $ $$ $1 $12a $@ ${A { } $Aé ${P//\\//_} ${A#\\*} ${P/[u]/z} é';
const PATTERNS =
  'a b ab a.b * ** ? [ab] [^a] [!a] [a-c] [ ] \\a .. . *.b a* **a a** *** !a #a é [b-a] [[:alpha:]] (a) a+ $ ^a | A [A-Za-z_]';
const NAMES = 'a b ab a.b * c é !a #a [ ax A - ] {a} ..a .a a+ $';

const listed = (text: string): readonly string[] => text.split(' ');
const times = (random: Random, most: number, make: () => string): readonly string[] =>
  Array.from({ length: 1 + random.below(most) }, make);

function instruction(random: Random): string {
  const keyword = random.pick(listed(KEYWORDS));
  const blank = (): string => (random.chance(90) ? ' ' : random.pick(BLANKS));
  const flags = random.chance(25)
    ? times(random, 2, () => random.pick(listed(FLAGS)) + blank())
    : [];
  const words = times(random, 4, () => random.pick(listed(WORDS)) + blank());
  const line = `${keyword}${blank()}${flags.join('')}${words.join('')}`;
  const body =
    line.includes('<<') && random.chance(80) ? random.pick(['x\nE', '\ty\r\n\tE\r', 'E']) : '';
  return `${line}${random.pick(['', '', '', ' ', '\r', ' \\', ' # c'])}\n${body}${body === '' ? '' : '\n'}`;
}

export function madeDockerfile(random: Random): string {
  const head = random.chance(15)
    ? random.pick(['# escape=`\n', '\ufeff', '# c\n', 'ARG A=1\n'])
    : '';
  return `${head}FROM alpine\n${times(random, 5, () => instruction(random)).join('')}`;
}

export function madeWord(random: Random): string {
  return times(random, 5, () => random.pick(listed(PIECES))).join('');
}

export function madeIgnoreFile(random: Random): string {
  const line = (): string =>
    (random.chance(25) ? '!' : '') +
    (random.chance(20) ? '/' : '') +
    times(random, 3, () => random.pick(listed(PATTERNS))).join('/') +
    random.pick(['', '', '', '/', ' ', '\r']);
  return times(random, 3, line).join('\n');
}

export function madePath(random: Random): string {
  return times(random, 3, () => random.pick(listed(NAMES))).join('/');
}

export const OPERATING_SYSTEMS = [
  ...['linux', 'linux', 'linux', 'Linux', '', 'windows', 'macos', 'darwin'],
];
export const ARCHITECTURES = listed(
  'amd64 amd64 arm64 arm 386 x86_64 AMD64 aarch64 i386 armhf armel riscv64',
);
export const VARIANTS = [
  '',
  '',
  ...listed('v1 v2 v3 v5 v6 v7 v8 v9 V8 8 7 6 64 1 v8.0 v8.1 v9.0 v10 l'),
];
