/** A word of an instruction as written, quotes kept, with its offset. */
export interface RawWord {
  readonly text: string;
  readonly start: number;
}

/** Splits at white space outside quotes; a backslash (or the file's escape character) hides the next character. */
export function splitWords(text: string, escape = '\\'): RawWord[] {
  const words: RawWord[] = [];
  let start = -1;
  let quote = '';
  for (let at = 0; at <= text.length; at += 1) {
    const c = text.charAt(at);
    const blank = c === '' || c === ' ' || c === '\t' || c === '\n';
    if (c === '' || (blank && quote === '')) {
      if (start >= 0) words.push({ text: text.slice(start, at), start });
      start = -1;
      continue;
    }
    if (start < 0) start = at;
    if (c === escape && quote !== "'") at += 1;
    else if (quote === c) quote = '';
    else if (quote === '' && (c === '"' || c === "'")) quote = c;
  }
  return words;
}

export interface LeadingFlag {
  readonly name: string;
  readonly value: string;
  /** True where an equals sign stands behind the name. */
  readonly valued: boolean;
  /** The value as written, and its offset. */
  readonly written: RawWord;
}

/** Flags (`--name=value`) at the head of an instruction's arguments; `rest` is the offset behind them. */
export function leadingFlags(
  text: string,
  escape: string,
): { readonly flags: readonly LeadingFlag[]; readonly rest: number } {
  const flags: LeadingFlag[] = [];
  for (const word of splitWords(text, escape)) {
    if (!word.text.startsWith('--')) return { flags, rest: word.start };
    if (word.text === '--') return { flags, rest: word.start + 2 };
    const equals = word.text.indexOf('=');
    const name = word.text.slice(2, equals < 0 ? undefined : equals);
    const value = equals < 0 ? '' : word.text.slice(equals + 1);
    const start = equals < 0 ? word.text.length : equals + 1;
    const written = { text: word.text.slice(start), start: word.start + start };
    flags.push({ name, value: value.replace(/["']/g, ''), valued: equals >= 0, written });
  }
  return { flags, rest: text.length };
}
