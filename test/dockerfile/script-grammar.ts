import fc from 'fast-check';

/** Forms that run `C`, each read wrongly by one parser or another once. */
export const FORMS: readonly string[] = [
  'C a b',
  'x=1 C',
  '! C',
  'time -p C',
  'C | C',
  'C |& C',
  'C && C || C',
  'C & C',
  '(C; C)',
  '{ C; }',
  'if C; then C; elif C; then C; else C; fi',
  'while C; do C; done',
  'until C; do C; done',
  'for x in $(C) b; do C; done',
  'for x do C; done',
  'for ((i=$(C);i<2;i++)); do C; done',
  'select x in a $(C); do C; done',
  'case $(C) in a|$(C)) C ;; (b) C ;;& *) C; esac',
  'case x in $(C)) C;; esac',
  'f() { C; }',
  'f() (C) > $(C)',
  'function f { C; }',
  'function f() if C; then C; fi',
  'coproc C',
  'coproc N { C; }',
  'a=($(C) "$(C)")',
  'a+=$(C)',
  'export A=$(C) B="$(C)"',
  'echo $(( $(C) + 1 ))',
  '(( x = $(C) ))',
  'let "x = $(C)"',
  '[[ -f $(C) && $(C) == "$(C)" ]]',
  '[ "$(C)" = x ]',
  'echo ${x:-$(C)} ${x#$(C)} ${x/a/$(C)} ${x:$(C)}',
  'echo "${x:-"$(C)"}"',
  'echo `C`',
  'echo `C \\`C\\``',
  'echo "a `C` $(C)"',
  'C 2> >(C) < <(C) > "$(C)"',
  '{ C; } > >(C)',
  'while C; do C; done < <(C)',
  'C <<E\n$(C) `C` ${x:-$(C)}\nE',
  "C <<'E'\n$(D) `D`\nE",
  'C <<-E && C\n\t$(C)\n\tE',
  'C <<A <<B\n$(C)\nA\n$(C)\nB',
  'echo $(C <<E\n$(C)\nE\n)',
  'C <<< "$(C)"',
  'C \\\n  a && # D\nC',
  "C 'D; $(D)' $'it\\'s; D' $\"$(C)\"",
  'C {a,b} ~/x *.c [ab]?',
  '# D\nC;#D\nC',
  'C &> f; C >& f; C >| f',
  'C; C\nC\n\nC',
];

/**
 * Forms that bash takes and shfmt refuses, or that our tree has twice (`;&` runs the next body
 * too).
 */
export const BEYOND_SHFMT: readonly string[] = [
  '((C); (C))',
  'a[$(C)]=y C',
  'echo $((C);(C))',
  'case x in a) C ;& *) C ;;& c) C; esac',
];

/** Scripts in which `C` stands wherever a command may, made of the forms inside each other. */
export const script: fc.Arbitrary<string> = fc
  .tuple(fc.constantFrom(...FORMS), fc.constantFrom(...FORMS), fc.nat(3))
  .map(([outer, inner, at]) => {
    // A here-document ends at a line of its own, so that one goes into a substitution.
    const whole = inner.includes('\n') ? `echo "$(${inner}\n)"` : `{ ${inner}\n}`;
    const places = [...outer.matchAll(/\bC\b/g)];
    const place = places[at % places.length]?.index ?? 0;
    return outer.includes('\n') || /[`[]/.test(outer)
      ? `${outer}\n${whole}`
      : `${outer.slice(0, place)}C $(${whole})${outer.slice(place + 1)}`;
  });
