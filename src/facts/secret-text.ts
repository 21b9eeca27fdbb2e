import { keywordScan } from './keyword-scan.ts';
import { SECRET_RULES, type SecretRule } from './secret-rules.ts';

export interface TextSecret {
  readonly rule: string;
  readonly masked: string;
  /** Starts at 1. */
  readonly line: number;
}

const MAX_FINDINGS = 20;

/** At most four characters of a value, and never more than a quarter of it. */
export function masked(value: string): string {
  const plain = value.replace(/[^\x21-\x7e]/g, '');
  return `${plain.slice(0, Math.min(4, Math.floor(plain.length / 4)))}***`;
}

/** Values that documentation and templates put where a secret would stand. */
export function isPlaceholder(value: string): boolean {
  if (
    /example|placeholder|change[-_ ]?me|your[-_]|<|\$\{|\{\{|x{6,}|X{6,}|\*{3,}|\.{3}/i.test(value)
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
const keywords: string[] = [];
for (const rule of SECRET_RULES)
  for (const keyword of rule.keywords) {
    keywords.push(keyword);
    keywordRules.push(rule);
  }
let scan: ReturnType<typeof keywordScan> | undefined;

function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1))
    line += 1;
  return line;
}

function matches(rule: SecretRule, text: string): readonly TextSecret[] {
  const found: TextSecret[] = [];
  for (const match of text.matchAll(rule.pattern)) {
    const value = match[1] ?? match[0];
    if (isPlaceholder(value)) continue;
    found.push({ rule: rule.id, masked: masked(value), line: lineAt(text, match.index) });
    if (found.length >= MAX_FINDINGS) break;
  }
  return found;
}

/** Secrets in bytes; `path` tells which rules hold for the file ('' for text that is no file: all). */
export function secretsInText(bytes: Uint8Array, path: string): readonly TextSecret[] {
  scan ??= keywordScan(keywords);
  const hits = new Set(scan.find(bytes).flatMap((index) => keywordRules[index] ?? []));
  const rules = [...hits].filter(
    (rule) => rule.onlyIn === undefined || path === '' || rule.onlyIn.test(path),
  );
  if (rules.length === 0) return [];
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  return rules.flatMap((rule) => matches(rule, text));
}
