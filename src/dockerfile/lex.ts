import { isSpace } from './instruction-words.ts';

/** Value of a variable where it is known; `''` is a known empty one. */
export type Lookup = (name: string) => string | undefined;

/** The value of `${NAME<operator>argument}`; for `/` the argument is pattern and replacement. */
type Applied = (
  operator: string,
  value: string | undefined,
  argument: string,
  replacement: string,
) => string | undefined;

/** Thrown for an unclosed quote or `${`, or an unknown form: BuildKit refuses the instruction. */
export class LexError extends Error {}

/** Thrown for more nesting, or longer values, than a person writes: BuildKit reads on. */
export class TooMuch extends LexError {}

const MAX_DEPTH = 100;
const MAX_LENGTH = 16_384;

/** Parameters that no build has: they are empty. */
const SPECIAL = /^(?:[@*#?$!-]|\p{Nd}+)$/u;
const NAME = /[@*#?$!-]|\p{Nd}+|[\p{L}_][\p{L}\p{Nd}_]*/uy;

interface LexOptions {
  readonly escape: string;
  /** Keeps quotes, escapes and variables as they are written, for words. */
  readonly raw?: boolean;
  readonly lookup?: Lookup;
  readonly applied?: Applied;
}

/** Reads Dockerfile variables, quotes and escapes (BuildKit, shell/lex.go). Throws LexError. */
export class Lex {
  /** Variables without a known value; they stay as written. */
  readonly unresolved: string[] = [];
  readonly #text: string;
  readonly #options: LexOptions;
  readonly #raw: boolean;
  readonly #words: string[] = [];
  #word = '';
  #at = 0;
  #depth = 0;

  constructor(text: string, options: LexOptions) {
    this.#text = text;
    this.#options = options;
    this.#raw = options.raw === true;
  }

  value(): string {
    return this.#until('', this.#raw);
  }

  words(): readonly string[] {
    this.value();
    return this.#word === '' ? this.#words : [...this.#words, this.#word];
  }

  /** A value may have blanks, which end a word; what is quoted or escaped does not. */
  #add(text: string, isHidden: boolean): void {
    for (const c of isHidden ? [text] : text)
      if (isHidden || !isSpace(c)) this.#word += c;
      else if (this.#word !== '') {
        this.#words.push(this.#word);
        this.#word = '';
      }
  }

  #peek(): string {
    return this.#text.charAt(this.#at);
  }

  #next(): string {
    return this.#text.charAt(this.#at++);
  }

  /** Reads up to `stop`, which is dropped, or to the end. */
  #until(stop: string, keepsEscapes: boolean): string {
    if ((this.#depth += 1) > MAX_DEPTH) throw new TooMuch();
    let read = '';
    while (this.#at < this.#text.length) {
      const c = this.#peek();
      if (c === stop) {
        this.#at += 1;
        this.#depth -= 1;
        return read;
      }
      const isQuote = c === "'" || c === '"';
      const isEscape = c === this.#options.escape;
      const piece =
        c === '$'
          ? this.#dollar()
          : isQuote
            ? this.#quoted(c)
            : isEscape
              ? this.#escaped(keepsEscapes)
              : this.#next();
      read += piece;
      if (!this.#raw && read.length > MAX_LENGTH) throw new TooMuch();
      if (stop === '') this.#add(piece, isQuote || isEscape);
    }
    if (stop !== '') throw new LexError();
    return read;
  }

  #escaped(isKept: boolean): string {
    const escape = this.#next();
    return (isKept ? escape : '') + this.#next();
  }

  #quoted(quote: string): string {
    this.#at += 1;
    const { escape } = this.#options;
    const kept = this.#raw ? quote : '';
    let read = kept;
    for (;;) {
      const c = this.#peek();
      if (c === '') throw new LexError();
      if (c === '$' && quote === '"') {
        read += this.#dollar();
        continue;
      }
      this.#at += 1;
      if (c === quote) return read + kept;
      if (c === escape && quote === '"' && this.#at < this.#text.length) {
        // An escape hides only what is special here.
        const hides = ['"', '$', escape].includes(this.#peek());
        read += (hides && !this.#raw ? '' : c) + (hides ? this.#next() : '');
      } else if (c !== escape || quote !== '"') read += c;
    }
  }

  #dollar(): string {
    const start = this.#at++;
    if (this.#peek() !== '{') {
      const name = this.#name();
      return name === '' ? '$' : this.#known(start, name, '');
    }
    this.#at += 1;
    if (/^[{}:]?$/.test(this.#peek())) throw new LexError();
    const name = this.#name();
    let operator = this.#next();
    if (operator === '}') return this.#known(start, name, '');
    if (operator === '/') {
      if (this.#peek() === '/') operator += this.#next();
      const pattern = this.#until('/', true);
      return this.#known(start, name, operator, pattern, this.#until('}', true));
    }
    if (operator === ':') operator += this.#next();
    const keepsEscapes = /[#%]$/.test(operator);
    if (!/^(?::[^]|[-+?#%])$/.test(operator)) throw new LexError();
    const argument = this.#until('}', keepsEscapes);
    const isGreedy = keepsEscapes && argument.startsWith(operator.slice(-1));
    if (!isGreedy || this.#raw) return this.#known(start, name, operator, argument);
    return this.#known(start, name, operator.slice(-1).repeat(2), argument.slice(1));
  }

  #known(start: number, name: string, operator: string, argument = '', replacement = ''): string {
    const { lookup = () => undefined, applied } = this.#options;
    const written = this.#text.slice(start, this.#at);
    if (this.#raw) return written;
    const value = lookup(name) ?? (SPECIAL.test(name) ? '' : undefined);
    const found = operator === '' ? value : applied?.(operator, value, argument, replacement);
    if (found === undefined) this.unresolved.push(name);
    return found ?? written;
  }

  #name(): string {
    NAME.lastIndex = this.#at;
    const [name = ''] = NAME.exec(this.#text) ?? [];
    this.#at += name.length;
    return name;
  }
}
