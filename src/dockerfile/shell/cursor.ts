import type { List, Redirect, Word } from './syntax-tree.ts';

/** Shell that cannot be read; caught at the boundary of the parser and given back as a value. */
export class ShellSyntaxError extends Error {
  override readonly name = 'ShellSyntaxError';
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

const MAX_DEPTH = 48;

interface PendingHeredoc {
  readonly delimiter: string;
  readonly stripTabs: boolean;
  readonly expand: boolean;
  readonly resolve: (body: Word) => void;
}

/** Parses the list inside `$(...)`, up to the closing character; handed over so that words need not know lists. */
export type ParseNested = (cursor: ShellCursor, closer: string) => List;
/** Splits the content of a here-document into the parts of a word. */
export type ParseBody = (
  cursor: ShellCursor,
  start: number,
  end: number,
  expand: boolean,
  stripTabs: boolean,
) => Word;

/** A place in shell text, with the here-documents whose bodies the next line end brings. */
export class ShellCursor {
  readonly text: string;
  readonly parseNested: ParseNested;
  readonly parseBody: ParseBody;
  position = 0;
  private depth = 0;
  private pending: PendingHeredoc[] = [];

  constructor(text: string, parseNested: ParseNested, parseBody: ParseBody, depth = 0) {
    this.text = text;
    this.parseNested = parseNested;
    this.parseBody = parseBody;
    this.depth = depth;
  }

  get char(): string {
    return this.text.charAt(this.position);
  }

  isAtEnd(): boolean {
    return this.position >= this.text.length;
  }

  startsWith(text: string): boolean {
    return this.text.startsWith(text, this.position);
  }

  /** Runs `parse` one level deeper; refuses nesting that no person writes. */
  nest<T>(parse: () => T): T {
    if (this.depth >= MAX_DEPTH) this.fail('shell is nested too deeply');
    this.depth += 1;
    try {
      return parse();
    } finally {
      this.depth -= 1;
    }
  }

  /** A cursor over other text (backquotes), one level deeper. */
  inner(text: string): ShellCursor {
    if (this.depth >= MAX_DEPTH) this.fail('shell is nested too deeply');
    return new ShellCursor(text, this.parseNested, this.parseBody, this.depth + 1);
  }

  fail(message: string): never {
    throw new ShellSyntaxError(message, this.position);
  }

  /** Spaces, tabs, escaped line ends and comments; never a line end that separates commands. */
  skipBlanks(): void {
    for (;;) {
      if (this.char === ' ' || this.char === '\t' || this.char === '\r') this.position += 1;
      else if (this.startsWith('\\\n')) this.position += 2;
      else if (this.char === '#') {
        const end = this.text.indexOf('\n', this.position);
        this.position = end < 0 ? this.text.length : end;
      } else return;
    }
  }

  /** Blanks and line ends; here-documents that the line opened are read past. */
  skipLines(): void {
    this.skipBlanks();
    while (this.char === '\n') {
      this.newline();
      this.skipBlanks();
    }
  }

  newline(): void {
    this.position += 1;
    const pending = this.pending;
    this.pending = [];
    for (const heredoc of pending) heredoc.resolve(this.readHeredoc(heredoc));
  }

  /** Remembers a here-document; its redirect is complete once the line has ended. */
  expectHeredoc(
    heredoc: Omit<PendingHeredoc, 'resolve'>,
    target: Word,
    redirects: Redirect[],
  ): void {
    const index = redirects.length;
    redirects.push({ operator: '<<', target });
    this.pending.push({
      ...heredoc,
      resolve: (body) => {
        redirects[index] = { operator: '<<', target, body };
      },
    });
  }

  private readHeredoc(heredoc: PendingHeredoc): Word {
    const start = this.position;
    let lineStart = start;
    while (lineStart < this.text.length) {
      const found = this.text.indexOf('\n', lineStart);
      const lineEnd = found < 0 ? this.text.length : found;
      let line = this.text.slice(lineStart, lineEnd).replace(/\r$/, '');
      if (heredoc.stripTabs) line = line.replace(/^\t+/, '');
      if (line === heredoc.delimiter) {
        this.position = Math.min(lineEnd + 1, this.text.length);
        return this.parseBody(this, start, lineStart, heredoc.expand, heredoc.stripTabs);
      }
      lineStart = lineEnd + 1;
    }
    this.position = this.text.length;
    return this.parseBody(this, start, this.text.length, heredoc.expand, heredoc.stripTabs);
  }
}
