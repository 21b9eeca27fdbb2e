import { err, ok, type Result } from '../../../model/result.ts';
import { isOfShellAlone } from '../../../programs/local.ts';

const OPERATORS: readonly (readonly [RegExp, string])[] = [
  [/[$`]/, 'a command or an expression is put in by the shell'],
  [/&&|\|\||;|\n/, 'it is more than one command'],
  [/\|/, 'it is a pipe'],
  [/&/, 'it starts something in the background'],
  [/[<>]/, 'its input or output is redirected'],
  [/[*?[\]{}~]/, 'the shell puts in names of files'],
  [/[()!#\\]/, 'it contains characters that mean something to the shell'],
];

/** What text outside of quotes, or in double quotes, means to a shell; undefined for nothing. */
function meaning(text: string, isQuoted: boolean): string | undefined {
  const [, variable] = text.includes('`') ? [] : (/\$\{?(\w+)/.exec(text) ?? []);
  if (variable !== undefined) return `the shell puts in ${variable}`;
  const found = (isQuoted ? OPERATORS.slice(0, 1) : OPERATORS).find(([one]) => one.test(text));
  if (found !== undefined) return found[1];
  return isQuoted && text.includes('\\') ? 'it has a backslash in double quotes' : undefined;
}

/** A removable end of a check: redirects, and `|| exit 1`, as any code but 0 means unhealthy. */
const CHECK_END_LENGTH = 200;
const CHECK_END =
  // Digits before `>` are a descriptor where they are a word: those of `:8082>/dev/null` are a
  // port's.
  // eslint-disable-next-line regexp/no-super-linear-move -- it is used on 200 characters
  /(?:\s+[12]>{1,2}\s*\/dev\/null|\s*&?>{1,2}\s*\/dev\/null|\s+2>&1)*(?:\s*\|\|\s*(?:exit\s+1|false))?\s*$/;

/** The command of a health check without what a shell adds at its end. */
export function bareCheck(command: string): string {
  const text = command.trimEnd();
  return text.slice(0, -CHECK_END_LENGTH) + text.slice(-CHECK_END_LENGTH).replace(CHECK_END, '');
}

/** The words of a shell command that a shell would hand over as they are; else why it would not. */
export function execWords(command: string): Result<readonly string[]> {
  const words: string[] = [];
  let word: string | undefined;
  for (const [piece] of `${command} `.matchAll(/'[^']*'|"[^"]*"|[ \t]+|[^'" \t]+|['"]/g)) {
    if (/^[ \t]/.test(piece)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      continue;
    }
    if (piece === '"' || piece === "'") return err('a quote is not closed');
    const isQuoted = /^["']/.test(piece);
    const inner = isQuoted ? piece.slice(1, -1) : piece;
    const why = piece.startsWith("'") ? undefined : meaning(inner, isQuoted);
    if (why !== undefined) return err(why);
    word = (word ?? '') + inner;
  }
  if (words[0] === 'exec' && words.length > 1 && words[1]?.startsWith('-') === false) words.shift();
  const [program = ''] = words;
  if (program === '') return err('it is empty');
  if (/^\w+\+?=/.test(program)) return err('it sets a variable, as ENV can');
  if (isOfShellAlone(program)) return err(`${program} is not a program but part of the shell`);
  return ok(words);
}
