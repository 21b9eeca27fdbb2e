/** A word of an instruction as written, quotes kept, with its offset. */
export interface RawWord {
  readonly text: string;
  readonly start: number;
}

/** Go's white space (unicode.IsSpace) for a regular expression class; differs from `\s`. */
export const SPACE =
  '\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
const ONE_SPACE = new RegExp(`[${SPACE}]`);
const LEADING = new RegExp(`^[${SPACE}]+`);
const TRAILING = new RegExp(`(?<![${SPACE}])[${SPACE}]+$`);
/** What BuildKit splits a line at where quotes do not count. */
export const BLANKS = /(?<![\t\v\f\r ])[\t\v\f\r ]+/;

export function isSpace(character: string): boolean {
  return ONE_SPACE.test(character);
}

/** Text without white space at its ends, as Go trims it. */
export function trimmed(text: string): string {
  return trimmedStart(text).replace(TRAILING, '');
}

export function trimmedStart(text: string): string {
  return text.replace(LEADING, '');
}

/** Words between blanks, ignoring quotes and escapes, for COPY, ADD, VOLUME, EXPOSE and FROM. */
export function blankWords(text: string): RawWord[] {
  return [...text.matchAll(/[^\t\v\f\r ]+/g)].map((found) => ({
    text: found[0],
    start: found.index,
  }));
}

/** Splits at white space outside quotes; the file's escape character hides the next character. */
export function splitWords(text: string, escape: string): RawWord[] {
  const words: RawWord[] = [];
  let start = -1;
  let quote = '';
  for (let at = 0; at <= text.length; at += 1) {
    const c = text.charAt(at);
    if (c === '' || (quote === '' && isSpace(c))) {
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
  /** True where an equals sign follows the name. */
  readonly valued: boolean;
  /** The value as written, and its offset. */
  readonly written: RawWord;
}

/**
 * Flags (`--name=value`) at the head of an instruction's arguments, by BuildKit's rules: a
 * backslash hides a character whatever the file's escape is, quotes go. `rest` is the offset behind
 * them.
 */
export function leadingFlags(text: string): {
  readonly flags: readonly LeadingFlag[];
  readonly rest: number;
} {
  const flags: LeadingFlag[] = [];
  let at = 0;
  for (;;) {
    at += LEADING.exec(text.slice(at))?.[0].length ?? 0;
    if (!text.startsWith('--', at)) return { flags, rest: at };
    const start = at;
    let word = '';
    let quote = '';
    // Where in the text the value begins.
    let valueAt = -1;
    for (; at < text.length && (quote !== '' || !isSpace(text.charAt(at))); at += 1) {
      let c = text.charAt(at);
      if (c === quote || (quote === '' && (c === '"' || c === "'"))) {
        quote = quote === '' ? c : '';
        continue;
      }
      if (c === '\\') c = text.charAt((at += 1));
      if (c === '=' && valueAt < 0) valueAt = at + 1;
      word += c;
    }
    if (word === '--') return { flags, rest: Math.min(at, text.length) };
    const equals = word.indexOf('=');
    const from = valueAt < 0 ? at : valueAt;
    flags.push({
      name: word.slice(2, equals < 0 ? undefined : equals),
      value: equals < 0 ? '' : word.slice(equals + 1),
      valued: equals >= 0,
      written: { text: text.slice(from, at), start: from },
    });
    if (at === start) return { flags, rest: at };
  }
}
