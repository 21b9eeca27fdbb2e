import {
  type FoundInBytes,
  type Keyword,
  type KeywordHit,
  KeywordScan,
} from './kernel/byte-scan.ts';
import type { ScanBudget } from './open-content.ts';
import { SECRET_RULES, type SecretRule } from './secret-rules.ts';
import { isByChance, isDrawn, isPlaceholder } from './secret-value.ts';

/** A secret as it is in a text: `value` never leaves this folder but to mask that text. */
export interface FoundSecret {
  readonly rule: string;
  readonly value: string;
  readonly at: number;
}

const USUAL_COST = 25;
/** Of one rule in a piece of text; where there are more, they are in each other's way. */
const USUAL_HITS = 2000;
/** How many times as long a try takes then: 5 µs where `password=` follows `password=`. */
const DENSE = 100;
const MOST_COMPARED = 500;
/** Context a pattern may match, in bytes before and after the keyword. */
const BEFORE = 2048;
const BEHIND = 16 * 1024;
/** Bytes from a name to its value, at most. */
const NEAR = 300;

/** Of what two rules find, the first one's counts. */
const ORDER = new Map(SECRET_RULES.map((rule, index) => [rule, index]));

interface RuleKeyword extends Keyword {
  readonly rule: SecretRule;
}

type Hit = KeywordHit<RuleKeyword>;

let scan: KeywordScan<RuleKeyword> | undefined;

/** Where rules' keywords are in bytes, and what may be text in another spelling. */
export function lookThrough(bytes: Uint8Array): FoundInBytes<RuleKeyword> {
  // Made where it is first asked for: start-up is part of every command.
  scan ??= new KeywordScan(
    SECRET_RULES.flatMap((rule) =>
      [...new Set(rule.keywords)].map((text) => ({
        text,
        rule,
        ...(rule.glance === undefined ? {} : { glance: rule.glance }),
      })),
    ),
  );
  return scan.find(bytes);
}

function valueOf(match: RegExpExecArray): string {
  for (let group = 1; group < match.length; group += 1) {
    const value = match.groups?.['secret'] ?? match[group];
    if (value !== undefined) return value;
  }
  return match[0];
}

type Match = FoundSecret & { readonly end: number };

/** In text order; where a secret contains two keywords of a rule, only the first one's match. */
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

/** Text of bytes, one byte a character: around a place, or all of it if many places are checked. */
type TextAt = (at: number) => { readonly text: string; readonly from: number };

function textOf(bytes: Uint8Array, places: number): TextAt {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (places * (BEFORE + BEHIND) >= bytes.length) {
    const text = buffer.toString('latin1');
    return () => ({ text, from: 0 });
  }
  return (at) => {
    const from = Math.max(0, at - BEFORE);
    return { text: buffer.toString('latin1', from, at + BEHIND), from };
  };
}

function matchAt({ keyword, at }: Hit, textAt: TextAt, binary: boolean): Match | undefined {
  const { id, pattern, loose, accepts, isPlain, isPrefix } = keyword.rule;
  const { text, from } = textAt(at);
  const start = at - from;
  pattern.lastIndex = start;
  let match = pattern.exec(text);
  let isSure = !binary || isPlain === true;
  if (match === null && binary && loose !== undefined) {
    loose.lastIndex = start;
    match = loose.exec(text);
    isSure = false;
  }
  if (match === null) return undefined;
  const value = valueOf(match);
  // The cheapest first: in programs, most of what matches does not look drawn.
  if (!isSure && !(/\d/.test(value) && isDrawn(value, 12))) return undefined;
  if (accepts?.(value, match) === false || isPlaceholder(value)) return undefined;
  const end = start + match[0].length;
  const place = { at: start, end, keyword: keyword.text, isText: !binary };
  if (isPrefix === true && isByChance(text, place)) return undefined;
  return { rule: id, value, at, end: from + end };
}

function matches(
  hits: readonly Hit[],
  textAt: TextAt,
  binary: boolean,
  budget: ScanBudget,
): readonly FoundSecret[] {
  const found: Match[] = [];
  for (const [index, hit] of hits.entries()) {
    const cost = (hit.keyword.rule.cost ?? USUAL_COST) * (index < USUAL_HITS ? 1 : DENSE);
    if (found.length >= budget.findings || !budget.spend(cost)) break;
    const match = matchAt(hit, textAt, binary);
    if (match !== undefined) found.push(match);
  }
  return apart(found);
}

/**
 * Secrets in bytes, in the order of the rules, where `hits` say that keywords stand. In `binary`
 * ones, what is not a shape of its own has to look drawn at random.
 */
export function secretsInBytes(
  bytes: Uint8Array,
  binary: boolean,
  budget: ScanBudget,
  hits: readonly Hit[] = lookThrough(bytes).hits,
): readonly FoundSecret[] {
  if (hits.length === 0) return [];
  const byRule = new Map<SecretRule, Hit[]>();
  for (const hit of hits) {
    const own = byRule.get(hit.keyword.rule);
    if (own === undefined) byRule.set(hit.keyword.rule, [hit]);
    else own.push(hit);
  }
  const textAt = textOf(bytes, hits.length);
  const inOrder = [...byRule].sort(([a], [b]) => (ORDER.get(a) ?? 0) - (ORDER.get(b) ?? 0));
  return distinct(inOrder.flatMap(([, own]) => matches(own, textAt, binary, budget)));
}

/** Drops what is in a secret of an earlier rule, which says more: rules by name come last. */
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
