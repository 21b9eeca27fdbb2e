import { isByChance } from './chance.ts';
import { type Keyword, keywordScan } from './keyword-scan.ts';
import type { ScanBudget } from './scan-budget.ts';
import { SECRET_RULES, type SecretRule } from './secret-rules.ts';
import { isDrawn, isPlaceholder } from './secret-value.ts';

/** A secret as it stands in a text: `value` never leaves this folder but to mask that text. */
export interface FoundSecret {
  readonly rule: string;
  readonly value: string;
  /** Byte at which the match begins. */
  readonly at: number;
}

const USUAL_COST = 25;
const MOST_COMPARED = 500;
/** Bytes from a name to its value, at most. */
const NEAR = 300;

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

type Match = FoundSecret & { readonly end: number };

/** Where two keywords of a rule stand in one secret, the first one's match alone; in the order of the text. */
function apart(found: readonly Match[]): readonly FoundSecret[] {
  const kept: FoundSecret[] = [];
  let end = 0;
  for (const { end: own, ...secret } of [...found].sort((a, b) => a.at - b.at || b.end - a.end)) {
    if (secret.at < end) continue;
    kept.push(secret);
    end = own;
  }
  return kept;
}

/** What the rule finds where its keyword stands. */
function matchAt(
  rule: SecretRule,
  text: string,
  at: number,
  keyword: string,
  binary: boolean,
): Match | undefined {
  const { id, pattern, loose, accepts, isPlain, isPrefix } = rule;
  pattern.lastIndex = at;
  let match = pattern.exec(text);
  let isSure = !binary || isPlain === true;
  if (match === null && binary && loose !== undefined) {
    loose.lastIndex = at;
    match = loose.exec(text);
    isSure = false;
  }
  if (match === null) return undefined;
  const value = valueOf(match);
  if (isPlaceholder(value) || accepts?.(value, match) === false) return undefined;
  if (!isSure && !(isDrawn(value, 12) && /\d/.test(value))) return undefined;
  const end = at + match[0].length;
  if (isPrefix === true && isByChance(text, { at, end, keyword, isText: !binary }))
    return undefined;
  return { rule: id, value, at, end };
}

/** Every place of the text where one of the rule's keywords stands and the rule holds. */
function matches(
  rule: SecretRule,
  text: string,
  binary: boolean,
  budget: ScanBudget,
): readonly FoundSecret[] {
  const found: Match[] = [];
  for (const keyword of new Set(rule.keywords))
    for (let at = text.indexOf(keyword); at >= 0; at = text.indexOf(keyword, at + keyword.length)) {
      if (found.length >= budget.findings || !budget.spend(rule.cost ?? USUAL_COST))
        return apart(found);
      const match = matchAt(rule, text, at, keyword, binary);
      if (match !== undefined) found.push(match);
    }
  return apart(found);
}

/** Secrets in bytes, in the order of the rules. In `binary` ones, what is not a shape of its own has to look drawn at random. */
export function secretsInBytes(
  bytes: Uint8Array,
  binary: boolean,
  budget: ScanBudget,
): readonly FoundSecret[] {
  scan ??= keywordScan(keywords);
  const hits = scan.find(bytes);
  if (hits.length === 0) return [];
  const rules = new Set(hits.flatMap((index) => keywordRules[index] ?? []));
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  return distinct([...rules].flatMap((rule) => matches(rule, text, binary, budget)));
}

/** Without what a rule finds in the secret of a rule that comes before it, and so tells more: names alone come last. */
function distinct(found: readonly FoundSecret[]): readonly FoundSecret[] {
  if (found.length > MOST_COMPARED) return found;
  return found.filter(
    (one, index) =>
      !found
        .slice(0, index)
        .some(
          (other) =>
            other.rule !== one.rule &&
            Math.abs(other.at - one.at) < NEAR &&
            (other.value.includes(one.value) || one.value.includes(other.value)),
        ),
  );
}

/** The line, from 1, that a place of a text is in. */
export function lineAt(bytes: Uint8Array, at: number): number {
  let line = 1;
  for (let end = bytes.indexOf(10); end >= 0 && end < at; end = bytes.indexOf(10, end + 1))
    line += 1;
  return line;
}
