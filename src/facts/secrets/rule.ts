import { given } from '../../lib/json.ts';
import { isDrawn, isWords } from './secret-value.ts';

export interface SecretRule {
  readonly id: string;
  readonly what: string;
  /** Bytes that every match contains, ASCII, three at least: the scan looks for these first. */
  readonly keywords: readonly string[];
  /**
   * Sticky; tried where one of the keywords stands, what is in front of it by lookbehind. Its group
   * `secret` is the secret, else the first group that took part, else the whole match. Bounded,
   * without nested repetition.
   */
  readonly pattern: RegExp;
  /**
   * The same whatever is around it, for bytes that are not text: programs and databases put texts
   * side by side. What it finds counts only if it looks drawn at random.
   */
  readonly loose?: RegExp;
  /** For a keyword that is in every other text: whether the bytes around it can be a match. */
  readonly glance?: (bytes: Uint8Array, at: number, length: number) => boolean;
  /**
   * Cost of a try where unusual: for a keyword that is in every text, or a pattern that reads many
   * bytes.
   */
  readonly cost?: number;
  /** Of a match that looks right, whether it is one. */
  readonly accepts?: (value: string, match: RegExpExecArray) => boolean;
  /** The secret begins with a keyword; a short one in random data does not count (`isByChance`). */
  readonly isPrefix?: true;
  /**
   * Also finds any value in bytes that are not text: it has a header and a body that no program has
   * by chance.
   */
  readonly isPlain?: true;
}

const PATTERN = /\n {2}\/(.*)\/([a-z]+)$/;

/**
 * Tokens by their issuers' documented formats, a row each: id, what it is, prefixes, and what
 * follows (source of a regular expression). A line that begins with a blank belongs to the one
 * before. `drawn` tokens begin as words and digests do by chance, and must look drawn at random,
 * with digits and capitals. A row that ends with a pattern has keywords instead of prefixes; where
 * it is `mixed`, the value must be as `isMixed` says.
 */
export function tokens(table: string): readonly SecretRule[] {
  return table
    .trim()
    .split(/\n(?! )/)
    .map((row) => {
      const [line = '', source, flags] = PATTERN.exec(row) ?? [];
      const about = row.slice(0, row.length - line.length);
      const [name = '', what = '', words = '', tail = ''] = about.split(/ \|\s+/);
      const [id = '', kind] = name.split(' ');
      const keywords = words.split(' ');
      if (source !== undefined)
        return inText(
          id,
          what,
          keywords,
          new RegExp(source, flags),
          kind === '(mixed)' ? isMixed : undefined,
        );
      return kind === '(drawn)'
        ? drawnToken(id, what, keywords, tail)
        : token(id, what, keywords, tail);
    });
}

function token(id: string, what: string, prefixes: readonly string[], tail: string): SecretRule {
  const short = prefixes.filter((prefix) => isBase64Like(prefix, tail));
  const others = prefixes.filter((prefix) => !short.includes(prefix));
  const pattern = either([
    [others, `(?<![A-Za-z0-9])`, `${tail}(?![A-Za-z0-9_])`],
    [short, `(?<![\\w+/-])`, `${tail}(?![\\w+/=-])`],
  ]);
  // Zeros are As in base64, and three letters come up wherever a program's texts stand side by
  // side.
  const apart = prefixes.filter((prefix) => !/^(.)\1*$|^[A-Za-z0-9]{1,3}$/.test(prefix));
  const loose = either([[apart, '', `(?:${tail})`]]);
  const accepts = (value: string): boolean => {
    const prefix = short.find((one) => value.startsWith(one));
    if (prefix !== undefined) return isOfAll(value.slice(prefix.length), tail);
    const own = prefixes.find((one) => value.startsWith(one));
    return own === undefined || own.length > SHORT_WORD || isNoName(value.slice(own.length));
  };
  return {
    id,
    what,
    keywords: prefixes,
    pattern,
    loose,
    cost: 5,
    accepts,
    isPrefix: true,
    ...given({ glance: goesOnAs(tail), isPlain: short.length === 0 ? (true as const) : undefined }),
  };
}

/**
 * Checks the bytes after a keyword, as far as the tail has a fixed number of letters. Words end
 * sooner, and are in every text.
 */
function goesOnAs(tail: string): SecretRule['glance'] {
  const classes: string[] = [];
  for (const [part = '', one = '', least, most] of tail
    .replace(/^\(/, '')
    .matchAll(/(\[[^[\]]+\]|[\w-]|\\\.)(?:\{(\d+)(,\d*)?\})?|./g)) {
    if (one === '' || /^\(/.test(part)) break;
    for (let count = Number(least ?? 1); count > 0; count -= 1) classes.push(one);
    if (most !== undefined) break;
  }
  if (classes.length === 0) return undefined;
  let letters: readonly Uint8Array[] | undefined;
  return (bytes, at, length) => {
    letters ??= classes.map(lettersOf);
    return letters.every((is, index) => is[bytes[at + length + index] ?? 0] === 1);
  };
}

const BYTES = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code));
const LETTERS = new Map<string, Uint8Array>();

/** Which bytes a character class, or one letter, contains. Few differ among all rules. */
function lettersOf(letters: string): Uint8Array {
  const known = LETTERS.get(letters);
  if (known !== undefined) return known;
  const is = new RegExp(letters);
  const made = Uint8Array.from(BYTES, (byte) => (is.test(byte) ? 1 : 0));
  LETTERS.set(letters, made);
  return made;
}

function either(
  arms: readonly (readonly [prefixes: readonly string[], before: string, after: string])[],
): RegExp {
  const spelled = arms
    .filter(([prefixes]) => prefixes.length > 0)
    .map(([prefixes, before, after]) => {
      const heads = prefixes.map((prefix) => prefix.replace(/[.$+]/g, '\\$&')).join('|');
      return `${before}(?:${heads})${after}`;
    });
  return new RegExp(spelled.length === 0 ? '(?!)' : spelled.join('|'), 'y');
}

/** `fw_`, `hf_` and their like begin names in code, too. */
const SHORT_WORD = 4;

/** True for letters that do not end a name in code: digits or capitals, not used as in words. */
function isNoName(tail: string): boolean {
  return /[\dA-Z]/.test(tail) && !isWords(tail);
}

/** True for a value that looks drawn at random from all letters that `tail` allows, not fewer. */
function isOfAll(value: string, tail: string): boolean {
  const hasCases = !/A-Za-z|\\w/.test(tail) || (/[a-z]/.test(value) && /[A-Z]/.test(value));
  return hasCases && isDrawn(value) && /\d/.test(value);
}

/** Base64 begins so by chance: in a text such a token stands alone, and looks drawn. */
function isBase64Like(prefix: string, tail: string): boolean {
  return /^[A-Za-z0-9]{1,5}$|^(.)\1*$/.test(prefix) && /A-Za-z0-9|\\w/.test(tail);
}

function drawnToken(
  id: string,
  what: string,
  prefixes: readonly string[],
  tail: string,
): SecretRule {
  const { keywords, pattern, glance } = token(id, what, prefixes, `(${tail})`);
  const accepts = (value: string): boolean =>
    isDrawn(value) && /\d/.test(value) && /[A-Z]/.test(value);
  return {
    ...inText(id, what, keywords, pattern, accepts),
    ...given({ glance }),
    cost: 5,
    isPrefix: true,
  };
}

export function inText(
  id: string,
  what: string,
  keywords: readonly string[],
  pattern: RegExp,
  accepts?: SecretRule['accepts'],
): SecretRule {
  return { id, what, keywords, pattern, ...given({ accepts }) };
}

/** True for a mix of letters and digits, which random values have and words do not. */
function isMixed(value: string): boolean {
  return /\d/.test(value) && /[A-Za-z]/.test(value) && new Set(value).size >= 8;
}

/** A key that says little alone, beside the name of the service that it is for. */
export function named(
  id: string,
  what: string,
  names: readonly string[],
  tail: string,
): SecretRule {
  const spelled = names.flatMap((name) => [
    name,
    name.toUpperCase(),
    name.slice(0, 1).toUpperCase() + name.slice(1),
  ]);
  return {
    ...inText(
      id,
      what,
      [...new Set(spelled)],
      new RegExp(
        `(?:${names.join('|')})[\\w .,'"[\\]()-]{0,40}?(?:=>|[=:,( \\t])["'\`\\s(]{0,5}(?<![A-Za-z0-9])(?<secret>${tail})(?![A-Za-z0-9_-])`,
        'iy',
      ),
      isMixed,
    ),
    cost: 50,
  };
}
