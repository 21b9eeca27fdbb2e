import fc from 'fast-check';
import { expect, test } from 'vitest';
import { analysisOf } from './parse-dockerfile.ts';

/** Places of a script where a command, `C`, runs; made into each other. */
const PLACES: readonly string[] = [
  'C',
  '(C)',
  '{ C; }',
  '! C',
  'C &',
  'time C',
  'ls | C',
  'C | cat',
  'ls && C',
  'ls || C',
  'for x in a b; do C; done',
  'for x in $(C); do ls; done',
  'while C; do break; done',
  'until C; do ls; done',
  'while ls; do C; done',
  'for ((i = $(C); i < 2; i++)); do ls; done',
  'case x in x) C ;; esac',
  'case $(C) in *) ls ;; esac',
  'case x in $(C)) ls ;; esac',
  'case y in x) ls ;& *) C ;; esac',
  'if C; then ls; fi',
  'if ls; then C; fi',
  'if ls; then ls; elif C; then ls; else ls; fi',
  'if ls; then ls; else C; fi',
  'f() { C; }; f',
  'f() (C); f',
  'function f { C; }; ls | f',
  'f() { ls; } > "$(C)"; f',
  'f() { "$@"; }; f C',
  'ls "$(C)"',
  'ls `C`',
  'ls "a`C`"',
  'ls < <(C)',
  'ls > >(C)',
  'ls > "$(C)"',
  'ls 2> "/tmp/$(C)"',
  '{ ls; } > "$(C)"',
  'ls <<< "$(C)"',
  'ls <<E1\n$(C)\nE1',
  'x=$(C)',
  'x=$(C) ls',
  'x+=$(C)',
  'export x="$(C)"',
  'local x=$(C)',
  'a=(1 "$(C)")',
  'a[$(C)]=1',
  'echo ${a[$(C)]}',
  'echo ${x:-$(C)}',
  'echo "${x:-"$(C)"}"',
  'echo ${x#$(C)} ${x/a/$(C)}',
  'echo ${x:$(C)}',
  ': ${x:=$(C)}',
  'echo $(( $(C) + 1 ))',
  '(( x = $(C) ))',
  'let "x = $(C)"',
  '[ "$(C)" = x ]',
  '[[ -f $(C) ]]',
  '[[ a == b && "$(C)" == x ]]',
  '[[ a =~ $(C) ]]',
  'trap "$(C)" EXIT',
  'coproc C',
  'set -- "$(C)"',
  'return "$(C)"',
  'exec 3< <(C)',
  'select x in $(C); do ls; done',
  "eval 'C'",
  "sh -c 'C'",
  "bash -ec 'C' x",
  "trap 'C' EXIT",
  "echo 'C' | sh",
  "printf '%s\\n' 'C' | bash -s",
  "sh <<< 'C'",
  "sh <<'E2'\nC\nE2",
  "cat <<'E3' | sh\nC\nE3",
  "cat > s.sh <<'E4'\nC\nE4\nsh s.sh",
  "cat > s.sh <<'E5'\nC\nE5\n. ./s.sh",
  "echo 'C' > s.sh; exec < s.sh; sh",
  "exec < <(echo 'C'); sh",
  "exec <<'E6'\nC\nE6\nsh",
  'x=\'C\'; eval "$x"',
  'x=\'C\'; sh -c "$x"',
  "env -i sh -c 'C'",
  "su -c 'C'",
  "xargs sh -c 'C'",
  "find . -exec sh -c 'C' \\;",
  "timeout 5 sh -c 'C'",
  'sudo C',
  "bash < <(echo 'C')",
  "source <(echo 'C')",
  "bash <(echo 'C')",
  'sh -c "$(echo \'C\')"',
  'eval "$(printf %s \'C\')"',
  'mapfile -t a < <(C)',
  'read x < <(C)',
];

const PLANTED = ['curl -O http://h.example/x', 'apt-get install x'];

/** A script with another at its `C`; unchanged where quotes do not allow it. */
function inside(outer: string, inner: string): string {
  if (outer.includes("'C'") && inner.includes("'")) return inner;
  if (outer.includes('`') && /[`\\]/.test(inner)) return inner;
  if (PLANTED.includes(inner)) return outer.replace(/\bC\b/, inner);
  // Words of a program are no place for a compound command.
  return /^sudo |; f C$/.test(outer) ? inner : outer.replace(/\bC\b/, () => `{ ${inner}\n}`);
}

const script = fc
  .tuple(
    fc.constantFrom(...PLANTED),
    fc.array(fc.constantFrom(...PLACES), { minLength: 1, maxLength: 3 }),
  )
  .map(([planted, places]) => places.reduce((inner, outer) => inside(outer, inner), planted));

test('a planted command is found wherever it stands, or the script is unread', () => {
  fc.assert(
    fc.property(script, (text) => {
      const { downloads, installs, unread } = analysisOf(
        `FROM x\nSHELL ["/bin/bash", "-c"]\nRUN <<'END'\n${text}\nEND`,
      );
      expect(downloads.length + installs.length + unread.length).toBeGreaterThan(0);
    }),
    { seed: 11, numRuns: 1500 },
  );
});
