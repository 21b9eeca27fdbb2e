/** A simple command of a text, as far as its words are known without running it. */
export interface CommandWords {
  readonly words: readonly string[];
  /** Its input: a here-document, here-string, or what `echo` or `printf` writes to the pipe. */
  readonly input: string | undefined;
}

/** A token: a continued line, quotes, substitutions, here-documents, operators, blanks, letters. */
const TOKEN =
  /\\\r?\n|\\(?<escaped>[^])|'(?<single>[^']*)'?|"(?<double>(?:[^"\\]|\\[^])*)"?|\$\(|`(?<ticks>[^`]*)`?|(?<string><<<)|<<-?[ \t]{0,9}["']?(?<here>\w{1,100})["']?|(?<redirect>[<>]+[&|]?)|(?<pipe>\|(?![|])&?)|(?<end>&&|\|\||[;&()\n])|[ \t\r]+|(?<plain>[^\s\\'"$`<>|&;()#]+)|(?<other>[^])/y;
/** A list of words, as CMD and ENTRYPOINT have them. */
const LIST = /^\s{0,99}\[\s{0,99}"/;
const MOST_NESTED = 4;

/** Where the parenthesis that `$(` opened before `at` is closed. */
function closing(text: string, at: number): number {
  let open = 1;
  for (let place = at; place < text.length; place += 1) {
    if (text[place] === '(') open += 1;
    else if (text[place] === ')' && --open === 0) return place;
  }
  return text.length;
}

/** What `echo` or `printf` writes; undefined for other commands. History has a shell before it. */
function written(words: readonly string[]): string | undefined {
  const at = words.findIndex((word) => /^(?:\/usr)?(?:\/bin\/)?(?:echo|printf)$/.test(word));
  if (at < 0) return undefined;
  const given = words.slice(at + 1);
  const first = given.findIndex((word) => !/^-[neE-]+$/.test(word));
  const rest = first < 0 ? [] : given.slice(first);
  const [format = '', ...values] = rest;
  let taken = 0;
  const text =
    words[at]?.endsWith('printf') === true
      ? format.replace(/%[sb]/g, () => values[taken++] ?? '')
      : rest.join(' ');
  return text.replace(/\\n/g, '\n');
}

/** A here-document still to come, and the command that reads it, once known: `a <<E || b`. */
interface Heredoc {
  readonly mark: string;
  of: { input: string | undefined } | undefined;
}

class Reader {
  readonly found: CommandWords[] = [];
  private words: string[] = [];
  private word: string | undefined;
  private input: string | undefined;
  /** What the next word is instead of an argument. */
  private next: 'file' | 'input' | undefined;
  private piped: string | undefined;
  /** The last command whose output was worked out: repeated pipes ask for the same one. */
  private last: CommandWords | undefined;
  private readonly heredocs: Heredoc[] = [];
  /** Of those, the ones of the command that is being read. */
  private own: Heredoc[] = [];
  private readonly text: string;
  private readonly depth: number;

  constructor(text: string, depth: number) {
    this.text = text;
    this.depth = depth;
  }

  read(): readonly CommandWords[] {
    TOKEN.lastIndex = 0;
    let at = 0;
    while (at < this.text.length) {
      TOKEN.lastIndex = at;
      const match = TOKEN.exec(this.text);
      if (match === null) break;
      at = this.take(match, at + match[0].length);
    }
    this.endCommand(false);
    return this.found;
  }

  /** Takes a token; returns where the next one begins. */
  private take(match: RegExpExecArray, end: number): number {
    const [token] = match;
    const groups = match.groups ?? {};
    const { escaped, single, double, ticks, string, here, redirect, pipe } = groups;
    const letters = escaped ?? single ?? double?.replace(/\\(["\\$`])/g, '$1') ?? groups['plain'];
    if (letters !== undefined) this.add(letters);
    else if (token === '$(') return this.substitution(end, closing(this.text, end));
    else if (ticks !== undefined) {
      this.nested(ticks);
      this.add(token);
    } else if (here !== undefined) {
      const heredoc: Heredoc = { mark: here, of: undefined };
      this.heredocs.push(heredoc);
      this.own.push(heredoc);
    } else if (string !== undefined || redirect !== undefined) {
      this.endWord();
      this.next = string === undefined ? 'file' : 'input';
    } else if (pipe !== undefined) this.endCommand(true);
    else if (groups['end'] !== undefined) {
      if (token === '\n' && this.heredocs.length > 0) return this.heredoc(end);
      this.endCommand(false);
    } else if (token === '#' && this.word === undefined && !this.text.startsWith('(nop)', end)) {
      const line = this.text.indexOf('\n', end);
      return line < 0 ? this.text.length : line;
    } else if (groups['other'] !== undefined) this.add(token);
    else if (!token.startsWith('\\')) this.endWord();
    return end;
  }

  private substitution(from: number, to: number): number {
    const inner = this.text.slice(from, to);
    this.nested(inner);
    this.add(`$(${inner})`);
    return to + 1;
  }

  private heredoc(from: number): number {
    const { mark, of } = this.heredocs.shift() ?? { mark: '', of: undefined };
    const end = new RegExp(`^[ \\t]*${mark}[ \\t]*$`, 'm').exec(this.text.slice(from));
    const to = end === null ? this.text.length : from + end.index;
    const body = this.text.slice(from, to);
    this.nested(body);
    // The last command of the line may get it through a pipe: `cat <<E | a`.
    this.input = body;
    if (of !== undefined) of.input = body;
    this.endCommand(false);
    return end === null ? to : to + end[0].length;
  }

  /** Commands within a word: they run too, or are a script that does. */
  private nested(text: string): void {
    if (this.depth < MOST_NESTED) this.found.push(...new Reader(text, this.depth + 1).read());
  }

  private add(letters: string): void {
    this.word = (this.word ?? '') + letters;
  }

  private endWord(): void {
    const { word, next } = this;
    if (word === undefined) return;
    this.word = undefined;
    this.next = undefined;
    if (next === 'input') this.input = word;
    else if (next === undefined) {
      if (/^-\w*c$/.test(this.words.at(-1) ?? '') && /\s/.test(word)) this.nested(word);
      this.words.push(word);
    }
  }

  private endCommand(isPiped: boolean): void {
    this.endWord();
    const { words } = this;
    if (words.length > 0) {
      const command = { words, input: this.input ?? this.piped };
      this.found.push(command);
      this.piped = undefined;
      for (const heredoc of this.own) heredoc.of = command;
    }
    this.own = [];
    // A pipe behind a group gets what its last command writes; one before a group gives to its
    // first.
    const last = this.found.at(-1);
    if (isPiped && last !== this.last) {
      this.piped = written(last?.words ?? []);
      this.last = last;
    }
    this.words = [];
    this.input = undefined;
    this.next = undefined;
  }
}

function listed(text: string): string {
  return text.slice(text.indexOf('"'), text.lastIndexOf('"') + 1).replace(/",\s{0,99}"/g, '" "');
}

/**
 * The commands of a text by the rules of a shell that matter for words: quotes, operators,
 * substitutions, here-documents. Takes any text, in linear time: the history of an image is not
 * only shell.
 */
export function commandWords(text: string): readonly CommandWords[] {
  return new Reader(LIST.test(text) ? listed(text) : text, 0).read();
}
