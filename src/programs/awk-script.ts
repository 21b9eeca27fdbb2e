/** Options allowed before the program: those that take the next word, and those on reading text. */
const VALUED = /^(?:-[Fv]|--field-separator|--assign)$/;
const PLAIN =
  /^(?:-[Fv].|--(?:field-separator|assign)=|--(?:re-interval|posix|traditional|csv|characters-as-bytes|sandbox)$)/;
const STRING = /"(?:\\.|[^"\\\n])*"/y;
const REGEX = /\/(?:\\.|\[(?:\\.|[^\]\\\n])+\]|[^/\\\n[])*\//y;
/** Only looks whether a file is there, by its name or that of a field. */
const LOOKS = /\bsystem\s*\(\s*"(?:\[|test) -[a-z] [^"`$;&|]*"(?:\s*\$\d+\s*"[^"`$;&|]*")*\s*\)/g;

/**
 * True where an awk program on the command line only works on text: it starts nothing (`system`, a
 * pipe, an indirect call), opens no connection and takes no program from a file. What cannot be
 * read is false.
 */
export function onlyReadsText(words: readonly string[]): boolean {
  let at = 0;
  for (; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (word === '--') {
      at += 1;
      break;
    }
    if (!word.startsWith('-') || word === '-') break;
    if (VALUED.test(word)) at += 1;
    else if (!PLAIN.test(word)) return false;
  }
  const program = words[at];
  // Values of variables are text; a path that opens a connection may stand in any of them.
  return (
    program !== undefined &&
    !words.some((word) => /inet[46]?\//.test(word)) &&
    startsNothing(program)
  );
}

function startsNothing(program: string): boolean {
  const code = withoutTexts(program.replace(LOOKS, '0'));
  return (
    code !== undefined && !/\bsystem\b|@|(?<!\|)\|(?!\|)|\bgetline\b[^;}\n]*<(?!\s*"")/.test(code)
  );
}

/** The program with empty strings, no regular expressions, no comments; undefined if unclosed. */
function withoutTexts(program: string): string | undefined {
  let code = '';
  let at = 0;
  while (at < program.length) {
    const sign = program[at] ?? '';
    // Behind a value a slash divides.
    const pattern =
      sign === '"' ? STRING : sign === '/' && !/[\w)\]"]\s*$/.test(code) ? REGEX : undefined;
    if (sign === '#') {
      while (at < program.length && program[at] !== '\n') at += 1;
    } else if (pattern === undefined) {
      code += sign;
      at += 1;
    } else {
      pattern.lastIndex = at;
      const found = pattern.exec(program);
      if (found === null) return undefined;
      at += found[0].length;
      code += pattern === STRING ? '""' : ' ';
    }
  }
  return code;
}
