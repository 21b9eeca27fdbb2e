import { type Keyword, keywordScan } from './keyword-scan.ts';
import { SECRET_RULES, type SecretRule } from './secret-rules.ts';

export interface FoundSecret {
  readonly rule: string;
  readonly masked: string;
  /** Byte at which the match begins. */
  readonly at: number;
}

const LAYER_UNITS = 50_000_000;
/** For one rule in one piece of text. */
const PIECE_UNITS = 100_000;
const USUAL_COST = 25;
const MAX_FINDINGS = 20;

/** What the scan of a layer may spend, in tries of rules: hostile text is not to cost more than its share. */
export class ScanBudget {
  #units = LAYER_UNITS;
  #fellShort = false;

  /** For one rule in one piece of text. */
  get units(): number {
    return Math.min(PIECE_UNITS, this.#units);
  }

  spend(units: number): void {
    this.#units -= units;
  }

  fallShort(): void {
    this.#fellShort = true;
  }

  /** True where, since this was last asked, not all could be looked at. */
  fellShort(): boolean {
    const answer = this.#fellShort;
    this.#fellShort = false;
    return answer;
  }
}

/** At most four characters of a value, and never more than a quarter of it. */
export function masked(value: string): string {
  const plain = value.replace(/[^\x21-\x7e]/g, '');
  return `${plain.slice(0, Math.min(4, Math.floor(plain.length / 4)))}***`;
}

/** How a value is told: masked, but to who has to find it again in the text that it is from. */
export type Shown = (value: string) => string;

/** Values that documentation and templates put where a secret would stand. */
export function isPlaceholder(value: string): boolean {
  if (
    /example|placeholder|change[-_ ]?me|replace[-_ ]?me|insert[-_]|your[-_]|^my[-_]|<|\$\{|\$\(|\{\{|%s|x{6,}|X{6,}|\*{3,}|\.{3}/i.test(
      value,
    )
  )
    return true;
  if (
    /^(?:pass(?:word|wd)?|secret|token|user(?:name)?|dummy|test|none|null|redacted)$/i.test(value)
  )
    return true;
  // One or two characters repeated are no secret.
  return new Set(value.slice(-16)).size <= 2;
}

const keywordRules: SecretRule[] = [];
const keywords: Keyword[] = [];
for (const rule of SECRET_RULES)
  for (const keyword of rule.keywords) {
    keywords.push({ text: keyword, ...(rule.glance === undefined ? {} : { glance: rule.glance }) });
    keywordRules.push(rule);
  }
let scan: ReturnType<typeof keywordScan> | undefined;

function valueOf(match: RegExpExecArray): string {
  for (let group = 1; group < match.length; group += 1) {
    const value = match.groups?.['secret'] ?? match[group];
    if (value !== undefined) return value;
  }
  return match[0];
}

/** Where two keywords of a rule stand in one secret, the first one's match alone; in the order of the text. */
function apart(found: readonly (FoundSecret & { readonly end: number })[]): readonly FoundSecret[] {
  const kept: FoundSecret[] = [];
  let end = 0;
  for (const { end: own, ...secret } of [...found].sort((a, b) => a.at - b.at || b.end - a.end)) {
    if (secret.at < end) continue;
    kept.push(secret);
    end = own;
  }
  return kept;
}

/** Every place of the text where one of the rule's keywords stands and the rule holds. */
function matches(
  rule: SecretRule,
  text: string,
  budget: ScanBudget,
  shown: Shown,
): readonly FoundSecret[] {
  const { id, pattern, accepts, cost = USUAL_COST } = rule;
  const found: (FoundSecret & { readonly end: number })[] = [];
  let left = budget.units;
  for (const keyword of new Set(rule.keywords))
    for (let at = text.indexOf(keyword); at >= 0; at = text.indexOf(keyword, at + keyword.length)) {
      left -= cost;
      if (left < 0 || found.length >= MAX_FINDINGS) {
        budget.fallShort();
        return apart(found);
      }
      budget.spend(cost);
      pattern.lastIndex = at;
      const match = pattern.exec(text);
      if (match === null) continue;
      const value = valueOf(match);
      if (isPlaceholder(value) || accepts?.(value, match) === false) continue;
      found.push({ rule: id, masked: shown(value), at, end: at + match[0].length });
    }
  return apart(found);
}

/** Secrets in bytes, in the order of the rules; of `binary` ones, those rules alone that are for such. */
export function secretsInBytes(
  bytes: Uint8Array,
  binary: boolean,
  budget: ScanBudget,
  shown: Shown = masked,
): readonly FoundSecret[] {
  scan ??= keywordScan(keywords);
  const hits = scan.find(bytes);
  if (hits.length === 0) return [];
  const rules = new Set(hits.flatMap((index) => keywordRules[index] ?? []));
  const chosen = [...rules].filter((rule) => rule.inBinaries || !binary);
  if (chosen.length === 0) return [];
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  return chosen.flatMap((rule) => matches(rule, text, budget, shown));
}

/** Secrets in a short text that is no file. */
export function secretsInText(text: string, shown: Shown = masked): readonly FoundSecret[] {
  return secretsInBytes(Buffer.from(text, 'utf8'), false, new ScanBudget(), shown);
}

/** The line, from 1, that a place of a text is in. */
export function lineAt(bytes: Uint8Array, at: number): number {
  let line = 1;
  for (let end = bytes.indexOf(10); end >= 0 && end < at; end = bytes.indexOf(10, end + 1))
    line += 1;
  return line;
}
