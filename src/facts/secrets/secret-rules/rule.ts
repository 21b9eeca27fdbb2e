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
  /** Worth a look in programs too: a shape that no compiler, table or compressed data has by chance. */
  readonly inBinaries: boolean;
  /** Where a keyword stands in every other text: whether what is around it, in bytes, can be a match at all. */
  readonly glance?: (bytes: Uint8Array, at: number) => boolean;
  /** What a try costs, where that is not the usual: of much that stands in every text, of much that is looked at. */
  readonly cost?: number;
  /** Of a match that looks right, whether it is one. */
  readonly accepts?: (value: string, match: RegExpExecArray) => boolean;
}

/** A token that begins with one of `prefixes` and goes on as `tail` (source of a regular expression) says. */
export function token(
  id: string,
  what: string,
  prefixes: readonly string[],
  tail: string,
): SecretRule {
  const heads = prefixes.map((prefix) => prefix.replace(/[.$+]/g, '\\$&')).join('|');
  const pattern = new RegExp(`(?<![A-Za-z0-9])(?:${heads})${tail}(?![A-Za-z0-9_])`, 'y');
  return { id, what, keywords: prefixes, pattern, inBinaries: true };
}

/** A rule for text alone. */
export function inText(
  id: string,
  what: string,
  keywords: readonly string[],
  pattern: RegExp,
  accepts?: SecretRule['accepts'],
): SecretRule {
  const rule = { id, what, keywords, pattern, inBinaries: false };
  return accepts === undefined ? rule : { ...rule, accepts };
}

/** True where a value has letters and digits mixed, as what is drawn at random has and a word has not. */
export function isMixed(value: string): boolean {
  return /\d/.test(value) && /[A-Za-z]/.test(value) && new Set(value).size >= 8;
}
