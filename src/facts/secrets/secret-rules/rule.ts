import { isDrawn } from '../secret-value.ts';

/** A shape that a secret has. */
export interface SecretRule {
  readonly id: string;
  /** What it finds, for the page that lists the rules. */
  readonly what: string;
  /** Bytes that every match holds, ASCII, three at least: the scan looks for these first. */
  readonly keywords: readonly string[];
  /**
   * Sticky; tried where one of the keywords stands, what is in front of it by lookbehind. Its group
   * `secret` is the secret, else the first group that took part, else the whole match. Bounded, without nested repetition.
   */
  readonly pattern: RegExp;
  /**
   * The same without a look at what is around it, for bytes that are not text: programs and databases put texts side by side. What it
   * finds counts only if it looks drawn at random.
   */
  readonly loose?: RegExp;
  /** Where a keyword stands in every other text: whether what is around it, in bytes, can be a match at all. */
  readonly glance?: (bytes: Uint8Array, at: number) => boolean;
  /** What a try costs, where that is not the usual: of much that stands in every text, of much that is looked at. */
  readonly cost?: number;
  /** Of a match that looks right, whether it is one. */
  readonly accepts?: (value: string, match: RegExpExecArray) => boolean;
  /** In bytes that are not text too, whatever the value looks like: a header and a body that no program has by chance. */
  readonly isPlain?: true;
}

/** A token that begins with one of `prefixes` and goes on as `tail` (source of a regular expression) says. */
export function token(
  id: string,
  what: string,
  prefixes: readonly string[],
  tail: string,
): SecretRule {
  const heads = prefixes.map((prefix) => prefix.replace(/[.$+]/g, '\\$&')).join('|');
  if (prefixes.some((prefix) => isBase64Like(prefix, tail))) {
    const alone = new RegExp(`(?<![\\w+/-])(?:${heads})${tail}(?![\\w+/=-])`, 'y');
    const accepts = (value: string): boolean => isDrawn(value) && /\d/.test(value);
    return { id, what, keywords: prefixes, pattern: alone, loose: alone, cost: 5, accepts };
  }
  const pattern = new RegExp(`(?<![A-Za-z0-9])(?:${heads})${tail}(?![A-Za-z0-9_])`, 'y');
  const loose = new RegExp(`(?:${heads})(?:${tail})`, 'y');
  return { id, what, keywords: prefixes, pattern, loose, cost: 5, isPlain: true };
}

/** Base64 of other data holds such a token by chance, many times in a large program: it counts only where it stands alone. */
function isBase64Like(prefix: string, tail: string): boolean {
  return /^[A-Za-z0-9]{1,7}$|^(.)\1*$/.test(prefix) && /A-Za-z0-9|\\w/.test(tail);
}

/** A token whose beginning words and digests have by chance too: it has to look drawn at random, with digits and capitals. */
export function drawnToken(
  id: string,
  what: string,
  prefixes: readonly string[],
  tail: string,
): SecretRule {
  const { keywords, pattern } = token(id, what, prefixes, `(${tail})`);
  const accepts = (value: string): boolean =>
    isDrawn(value) && /\d/.test(value) && /[A-Z]/.test(value);
  return { id, what, keywords, pattern, cost: 5, accepts };
}

/** A rule with a pattern of its own. */
export function inText(
  id: string,
  what: string,
  keywords: readonly string[],
  pattern: RegExp,
  accepts?: SecretRule['accepts'],
): SecretRule {
  const rule = { id, what, keywords, pattern };
  return accepts === undefined ? rule : { ...rule, accepts };
}

/** True where a value has letters and digits mixed, as what is drawn at random has and a word has not. */
export function isMixed(value: string): boolean {
  return /\d/.test(value) && /[A-Za-z]/.test(value) && new Set(value).size >= 8;
}

/** A key that says little by itself, beside the name of the service that it is for. */
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
        `(?:${names.join('|')})[\\w .,'"[\\]()-]{0,40}?(?:=>|[=:,(]|\\s)["'\`\\s(]{0,5}(?<![A-Za-z0-9])(?<secret>${tail})(?![A-Za-z0-9_-])`,
        'iy',
      ),
      isMixed,
    ),
    cost: 50,
  };
}
