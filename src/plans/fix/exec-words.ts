/** Words of a shell command that a shell would hand over as they are, or why it would not. */
export type ExecWords =
  | { readonly ok: true; readonly words: readonly string[] }
  | { readonly ok: false; readonly reason: string };

/** Programs that are none: a shell does these itself. */
const BUILTINS = new Set(
  'cd export source . eval set unset trap ulimit umask exit wait read shift return if for while case until { ! (('.split(
    ' ',
  ),
);

const OPERATORS: readonly (readonly [RegExp, string])[] = [
  [/[$`]/, 'a variable or command is put in by the shell'],
  [/&&|\|\||;|\n/, 'it is more than one command'],
  [/\|/, 'it is a pipe'],
  [/&/, 'it starts something in the background'],
  [/[<>]/, 'its input or output is redirected'],
  [/[*?[\]{}~]/, 'the shell puts in names of files'],
  [/[()!#\\]/, 'it holds characters that mean something to the shell'],
];

/** What stands outside of quotes, or in double quotes, must mean nothing to a shell. */
function meaning(text: string, isQuoted: boolean): string | undefined {
  const looked = isQuoted ? OPERATORS.slice(0, 1) : OPERATORS;
  const found = looked.find(([pattern]) => pattern.test(text))?.[1];
  return (
    found ?? (isQuoted && text.includes('\\') ? 'a backslash stands in double quotes' : undefined)
  );
}

/** What health checks end with: any code but 0 says unhealthy, so that nothing is lost with what makes a 1 of it, or keeps quiet. */
const CHECK_END =
  /(?:\s*(?:[12&]?>{1,2}\s*\/dev\/null|2>&1))*(?:\s*\|\|\s*(?:exit\s+1|false))?\s*$/;

/** The command of a health check without what a shell adds at its end. */
export function bareCheck(command: string): string {
  return command.replace(CHECK_END, '');
}

/** Splits a shell command into the words that its program gets; says why that takes a shell, where it does. */
export function execWords(command: string): ExecWords {
  const words: string[] = [];
  let word: string | undefined;
  for (const [piece] of command.matchAll(/'[^']*'|"[^"]*"|[ \t]+|[^'" \t]+|['"]/g)) {
    if (/^[ \t]/.test(piece)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      continue;
    }
    if (piece === '"' || piece === "'") return { ok: false, reason: 'a quote is not closed' };
    const quote = piece.charAt(0);
    const inner = quote === '"' || quote === "'" ? piece.slice(1, -1) : piece;
    const why = quote === "'" ? undefined : meaning(inner, quote === '"');
    if (why !== undefined) return { ok: false, reason: why };
    word = (word ?? '') + inner;
  }
  if (word !== undefined) words.push(word);
  const [program = '', ...rest] = words;
  if (program === 'exec' && rest.length > 0 && !(rest[0] ?? '').startsWith('-'))
    return execWordsOf(rest);
  return execWordsOf(words);
}

function execWordsOf(words: readonly string[]): ExecWords {
  const [program = ''] = words;
  if (program === '') return { ok: false, reason: 'it is empty' };
  if (/^\w+\+?=/.test(program)) return { ok: false, reason: 'it sets a variable, as ENV can' };
  if (BUILTINS.has(program) || program === 'exec')
    return { ok: false, reason: `${program} is no program, the shell does it` };
  return { ok: true, words };
}
