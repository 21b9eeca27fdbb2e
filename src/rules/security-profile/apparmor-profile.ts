/** The rules of one profile block, and what stands around it. */
export interface AppArmorProfile {
  /** What stands before its brace. */
  readonly head: string;
  /** Rules without their comma, spaces made one. */
  readonly rules: readonly string[];
  /** Blocks within it: hats and child profiles. */
  readonly inner: readonly AppArmorProfile[];
}

export interface AppArmorText {
  /** Rules before and between the profiles: includes, variables, abi. */
  readonly outside: readonly string[];
  readonly profiles: readonly AppArmorProfile[];
}

const MAX_LENGTH = 1_000_000;
const MAX_DEPTH = 10;
const HEAD = /^(?:profile \S|["/@])/;
const INCLUDE = /^#?include(?: if exists)? (?:<[^>]*>|"[^"]*"|\S+)/;

/**
 * Reads the text of AppArmor profiles (apparmor.d(5)) as far as rules, blocks and names go, on one
 * line or many. Undefined where it is cut off or lacks a profile.
 */
export function readAppArmor(text: string): AppArmorText | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const reader = new Reader(text);
  const outside: string[] = [];
  const profiles: AppArmorProfile[] = [];
  for (let part = reader.next(); part.kind !== 'end'; part = reader.next()) {
    if (part.kind === 'rule') outside.push(part.text);
    else if (part.kind === 'close') return undefined;
    else {
      const block = HEAD.test(part.text) ? blockOf(reader, part.text) : undefined;
      if (block === undefined) return undefined;
      profiles.push(block);
    }
  }
  return profiles.length === 0 ? undefined : { outside, profiles };
}

function blockOf(reader: Reader, head: string, depth = 0): AppArmorProfile | undefined {
  const rules: string[] = [];
  const inner: AppArmorProfile[] = [];
  for (;;) {
    const part = reader.next();
    if (part.kind === 'end') return undefined;
    if (part.kind === 'close') return { head, rules, inner };
    if (part.kind === 'rule') rules.push(part.text);
    else {
      const block = depth < MAX_DEPTH ? blockOf(reader, part.text, depth + 1) : undefined;
      if (block === undefined) return undefined;
      inner.push(block);
    }
  }
}

type Part =
  | { readonly kind: 'rule'; readonly text: string }
  | { readonly kind: 'open'; readonly text: string }
  | { readonly kind: 'close' }
  | { readonly kind: 'end' };

/** Distinguishes rules, blocks and their ends: `{a,b}` in a path opens no block, ` {` does. */
class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  next(): Part {
    let rule = '';
    let depth = 0;
    let isQuoted = false;
    for (; this.#at < this.#text.length; this.#at += 1) {
      const char = this.#text.charAt(this.#at);
      if (char === '"') isQuoted = !isQuoted;
      else if (isQuoted) {
        // As it is.
      } else if (char === '\\') {
        rule += char + this.#text.charAt(this.#at + 1);
        this.#at += 1;
        continue;
      } else if (char === '#' && !/^#include\b/.test(this.#text.slice(this.#at, this.#at + 9))) {
        const end = this.#text.indexOf('\n', this.#at);
        this.#at = (end < 0 ? this.#text.length : end) - 1;
        continue;
      } else if (char === '\n' && INCLUDE.test(spaced(rule))) {
        // An include needs no comma; neither does a variable.
        return this.#rule(rule);
      } else if (char === '\n' && /^@\{\w+\}\s*\+?=/.test(rule.trim())) return this.#rule(rule);
      else if (char === '{' && depth === 0 && /(?:^|[\s)"])$/.test(rule)) {
        this.#at += 1;
        return { kind: 'open', text: spaced(rule) };
      } else if (char === '{' || char === '(' || char === '[') depth += 1;
      else if (char === '}' && depth === 0) {
        if (rule.trim() !== '') return { kind: 'rule', text: spaced(rule) };
        this.#at += 1;
        return { kind: 'close' };
      } else if (char === '}' || char === ')' || char === ']') depth = Math.max(0, depth - 1);
      else if (char === ',' && depth === 0) return this.#rule(rule);
      rule += char;
    }
    return rule.trim() === '' ? { kind: 'end' } : { kind: 'rule', text: spaced(rule) };
  }

  #rule(text: string): Part {
    this.#at += 1;
    return { kind: 'rule', text: spaced(text) };
  }
}

function spaced(text: string): string {
  return text.trim().split(/\s+/).join(' ');
}
