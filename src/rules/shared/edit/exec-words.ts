import { isOfShellAlone } from '../../../programs/shell-builtins.ts';

/** Words of a shell command that a shell would hand over as they are, or why it would not. */
export type ExecWords =
  | { readonly ok: true; readonly words: readonly string[] }
  | { readonly ok: false; readonly reason: string };

const OPERATORS: readonly (readonly [RegExp, string])[] = [
  [/[$`]/, 'a command or an expression is put in by the shell'],
  [/&&|\|\||;|\n/, 'it is more than one command'],
  [/\|/, 'it is a pipe'],
  [/&/, 'it starts something in the background'],
  [/[<>]/, 'its input or output is redirected'],
  [/[*?[\]{}~]/, 'the shell puts in names of files'],
  [/[()!#\\]/, 'it contains characters that mean something to the shell'],
];

/** What stands outside of quotes, or in double quotes, must mean nothing to a shell. */
function meaning(text: string, isQuoted: boolean): string | undefined {
  const looked = isQuoted ? OPERATORS.slice(0, 1) : OPERATORS;
  const found = looked.find(([pattern]) => pattern.test(text))?.[1];
  return (
    found ?? (isQuoted && text.includes('\\') ? 'it has a backslash in double quotes' : undefined)
  );
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

/** The value a shell gives a variable, with its `${NAME:-FALLBACK}`; undefined if not constant. */
export type ValueOf = (name: string, fallback: string | undefined) => string | undefined;

/** A `~` in a fallback is a folder where no quotes stand around it. */
const VARIABLE = /(\$\w+|\$\{\w+(?::-[^}$`'"\\~]*)?\})/;
const VARIABLE_PARTS = /^\$\{?(\w+?)(?::-(.*?))?\}?$/;
/** What a shell sets by itself, or reads names of files from. */
const SHELLS_OWN =
  /^(?:\d.*|_|IFS|PWD|OLDPWD|PPID|SHLVL|OPTIND|OPTERR|PS\d|E?UID|GROUPS|LINENO|SECONDS|S?RANDOM|EPOCH[A-Z]+|HISTCMD|DIRSTACK|FUNCNAME|BASH\w*)$/;

/** Words as they grow, piece by piece. */
class WordList {
  readonly words: string[] = [];
  private word: string | undefined;

  add(text: string): void {
    this.word = (this.word ?? '') + text;
  }

  /** Adds the value of an unquoted variable: it splits at blanks, and is no word if it is empty. */
  addSplit(value: string): void {
    for (const part of value.split(/([ \t\n]+)/)) {
      if (/^[ \t\n]/.test(part)) this.end();
      else if (part !== '') this.add(part);
    }
  }

  end(): void {
    if (this.word !== undefined) this.words.push(this.word);
    this.word = undefined;
  }
}

/** Adds a piece with its variables replaced; returns why that needs a shell, if it does. */
function addPiece(
  list: WordList,
  text: string,
  isQuoted: boolean,
  valueOf: ValueOf,
): string | undefined {
  if (text === '') list.add('');
  for (const [at, part] of text.split(VARIABLE).entries()) {
    if (at % 2 === 0) {
      const why = meaning(part, isQuoted);
      if (why !== undefined) return why;
      if (part !== '') list.add(part);
      continue;
    }
    const [, name = '', fallback] = VARIABLE_PARTS.exec(part) ?? [];
    const value = SHELLS_OWN.test(name) ? undefined : valueOf(name, fallback);
    if (value === undefined)
      return `the shell puts in ${name}, for which no constant of the image can stand`;
    if (isQuoted) list.add(value);
    else if (/[*?[\\]/.test(value)) return `the shell puts in names of files for ${name}`;
    else list.addSplit(value);
  }
  return undefined;
}

/** Splits a shell command into its program's words; says why that needs a shell, if it does. */
export function execWords(command: string, valueOf: ValueOf = () => undefined): ExecWords {
  const list = new WordList();
  for (const [piece] of command.matchAll(/'[^']*'|"[^"]*"|[ \t]+|[^'" \t]+|['"]/g)) {
    if (/^[ \t]/.test(piece)) {
      list.end();
      continue;
    }
    if (piece === '"' || piece === "'") return { ok: false, reason: 'a quote is not closed' };
    const quote = piece.charAt(0);
    const inner = quote === '"' || quote === "'" ? piece.slice(1, -1) : piece;
    if (quote === "'") list.add(inner);
    else {
      const why = addPiece(list, inner, quote === '"', valueOf);
      if (why !== undefined) return { ok: false, reason: why };
    }
  }
  list.end();
  const { words } = list;
  const [program = '', ...rest] = words;
  if (program === 'exec' && rest.length > 0 && !(rest[0] ?? '').startsWith('-'))
    return execWordsOf(rest);
  return execWordsOf(words);
}

function execWordsOf(words: readonly string[]): ExecWords {
  const [program = ''] = words;
  if (program === '') return { ok: false, reason: 'it is empty' };
  if (/^\w+\+?=/.test(program)) return { ok: false, reason: 'it sets a variable, as ENV can' };
  if (isOfShellAlone(program))
    return { ok: false, reason: `${program} is not a program but part of the shell` };
  return { ok: true, words };
}
