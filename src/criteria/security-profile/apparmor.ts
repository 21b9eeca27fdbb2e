/** The rules of one profile block, and what stands around it. */
interface AppArmorProfile {
  /** What stands before its brace. */
  readonly head: string;
  /** Rules without their comma, spaces made one. */
  readonly rules: readonly string[];
  /** Blocks within it: hats and child profiles. */
  readonly inner: readonly AppArmorProfile[];
}

interface AppArmorText {
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

/** How a profile stands to docker-default (moby/profiles, apparmor/template.go), and why. */
interface AppArmorVerdict {
  readonly holds: 'tighter' | 'not-tighter' | 'undecided';
  readonly reason: string;
}

/** Rules without an object, each of which grants a whole class; docker-default has these four. */
const BLANKETS = ['file', 'network', 'capability', 'umount'];
/** What it grants of no kind, or denies. */
const LOOSER =
  /^(?:all|mount|remount|ptrace|signal|change_profile|change_hat|pivot_root|userns|io_uring|dbus)\b/;
const QUALIFIERS = /^(?:(?:audit|quiet|allow|owner|other)\s+)+/;
const MODES = /^(?:attach_disconnected|mediate_deleted|enforce|audit|kill|chroot_relative)$/;
const OPEN_MODES = /^(?:complain|unconfined|default_allow|prompt)$/;
const INCLUDES = /^#?include <(?:tunables\/global|abstractions\/base)>$/;
/** Execution that leaves the profile: unconfined, or another's. */
const UNCONFINED = /[uU]x/;
/** Capabilities of Linux 6; as many named are all. */
const CAPABILITIES = 41;
/** Files that docker-default denies, as its rules spell them. */
const DENIED: readonly string[] = [
  '@{PROC}/* w',
  '@{PROC}/{[^1-9/],[^1-9/][^0-9/],[^1-9s/][^0-9y/][^0-9s/],[^1-9/][^0-9/][^0-9/][^0-9/]*}/** w',
  '@{PROC}/sys/[^k]** w',
  '@{PROC}/sys/kernel/{?,??,[^s][^h][^m]**} w',
  '@{PROC}/sysrq-trigger rwklx',
  '@{PROC}/kcore rwklx',
  '/sys/[^f]*/** wklx',
  '/sys/f[^s]*/** wklx',
  '/sys/fs/[^c]*/** wklx',
  '/sys/fs/c[^g]*/** wklx',
  '/sys/fs/cg[^r]*/** wklx',
  '/sys/firmware/** rwklx',
  '/sys/devices/virtual/powercap/** rwklx',
  '/sys/kernel/security/** rwklx',
];

/** Compares with docker-default. Tighter: nothing that it denies, and not all that it grants. */
export function compareAppArmor({ outside, profiles }: AppArmorText): AppArmorVerdict {
  const verdicts = profiles.map(judged);
  const loose = verdicts.find(({ holds }) => holds === 'not-tighter');
  const odd = outside.find((rule) => !INCLUDES.test(rule) && !/^abi <abi\/[34]\.0>$/.test(rule));
  if (loose !== undefined) return loose;
  if (odd !== undefined) return unseen(odd);
  const open = verdicts.find(({ holds }) => holds === 'undecided');
  return open ?? verdicts[0] ?? unseen('nothing');
}

function unseen(rule: string): AppArmorVerdict {
  return { holds: 'undecided', reason: `what it grants depends on ${JSON.stringify(rule)}` };
}

function looser(reason: string): AppArmorVerdict {
  return { holds: 'not-tighter', reason };
}

function judged(profile: AppArmorProfile): AppArmorVerdict {
  const inner = profile.inner.map(judged);
  const loose = inner.find(({ holds }) => holds === 'not-tighter');
  if (loose !== undefined && /docker-default denies|mode$/.test(loose.reason)) return loose;
  const modes = modesOf(profile.head);
  const off = modes.find((mode) => OPEN_MODES.test(mode));
  if (off !== undefined) return looser(`it is in ${off} mode`);
  const found = new Granted(nameOf(profile.head));
  for (const rule of profile.rules) found.add(rule);
  if (found.looser !== undefined)
    return looser(`grants what docker-default denies: ${found.looser}`);
  const odd =
    modes.find((mode) => !MODES.test(mode)) ??
    found.unseen ??
    profile.inner.find(({ head }) => /^(?:if|else)\b/.test(head))?.head;
  if (odd !== undefined) return unseen(odd);
  const open = inner.find(({ holds }) => holds === 'undecided');
  if (open !== undefined) return open;
  const whole = BLANKETS.filter((name) => found.blankets.has(name));
  return whole.length < BLANKETS.length
    ? {
        holds: 'tighter',
        reason: `grants ${whole.join(', ') || 'nothing'} as a whole, docker-default all of ${BLANKETS.join(', ')}`,
      }
    : looser('grants as much as docker-default');
}

/** The name in `profile "name" PATH flags=(...)`, or a path alone. */
function nameOf(head: string): string {
  return /^(?:(?:profile|hat) )?\^?("[^"]*"|[^\s(]+)/.exec(head)?.[1]?.replaceAll('"', '') ?? '';
}

/** Words in the parentheses of a head: `flags=(a, b)`, and `(a)` alone as older ones have it. */
function modesOf(head: string): readonly string[] {
  return [...head.matchAll(/(xattrs\s*=\s*)?\(([^()]*)\)/g)].flatMap(([, xattrs, words = '']) =>
    xattrs === undefined ? words.split(/[\s,]+/).filter((word) => word !== '') : [],
  );
}

const DENY = /^(?:(?:audit|quiet) )*deny (?:(?:audit|quiet|owner) )*(.*)/;

class Granted {
  readonly blankets = new Set<string>();
  /** The first rule that no other can be seen through. */
  unseen: string | undefined;
  readonly #name: string;
  readonly #denied = new Set<string>();
  readonly #capabilities = new Set<string>();
  #looser: string | undefined;
  #reachesKernel = false;
  #reachesAlg = false;

  constructor(name: string) {
    this.#name = name;
  }

  /** What it grants and docker-default does not; undefined where there is nothing. */
  get looser(): string | undefined {
    if (this.#looser !== undefined) return this.#looser;
    if (this.#reachesAlg && !this.#denied.has('network alg')) return 'network alg';
    return this.#reachesKernel ? DENIED.find((rule) => !this.#denied.has(rule)) : undefined;
  }

  add(rule: string): void {
    const denied = DENY.exec(rule)?.[1];
    if (denied !== undefined) this.#denied.add(denied);
    else if (!INCLUDES.test(rule)) this.#grant(rule.replace(QUALIFIERS, ''), rule);
  }

  #grant(rule: string, written: string): void {
    const [kind = '', ...words] = rule.split(' ');
    if (BLANKETS.includes(rule)) {
      this.blankets.add(rule);
      if (rule === 'file') this.#reachesKernel = true;
      if (rule === 'network') this.#reachesAlg = true;
    } else if (kind === 'capability') {
      for (const word of words) this.#capabilities.add(word);
      if (this.#capabilities.size >= CAPABILITIES) this.blankets.add(kind);
    } else if (kind === 'network') {
      // A kind of socket alone means every family.
      if (
        words[0] === 'alg' ||
        words.every((word) => /^(?:stream|dgram|seqpacket|rdm|raw|packet|tcp|udp|icmp)$/.test(word))
      )
        this.#reachesAlg = true;
    } else if (kind !== 'umount') this.#grantOther(rule, written);
  }

  #grantOther(rule: string, written: string): void {
    if (LOOSER.test(rule)) {
      if (!this.#isOwnSignal(rule)) this.#looser ??= written;
      return;
    }
    const file = rule.replace(/^file /, '');
    const path = /"[^"]*"|(?<![^ ])[/@{]\S*/.exec(file);
    const before = file.slice(0, path?.index).trim();
    const access = `${before}${file.slice((path?.index ?? 0) + (path?.[0].length ?? 0)).trim()}`;
    if (UNCONFINED.test(access)) this.#looser ??= written;
    else if (path === null || !/^[rwalkmix]*$/.test(access)) this.unseen ??= written;
    else this.#reach(path[0].replaceAll('"', ''));
  }

  #reach(path: string): void {
    const literal = /^[^*?[{@\\]*/.exec(path)?.[0] ?? '';
    if (literal.length <= 1 && /\*\*/.test(path)) this.blankets.add('file');
    this.#reachesKernel ||= ['/proc/', '/sys/'].some((top) =>
      literal === path
        ? `${path}/`.startsWith(top)
        : top.startsWith(literal) || literal.startsWith(top),
    );
  }

  /** Signals from outside and between the profile's processes, as docker-default allows them. */
  #isOwnSignal(rule: string): boolean {
    const found = /^(signal|ptrace) (\([\w, ]*\) )?peer="?([^"\s]+)"?$/.exec(rule);
    if (found === null) return false;
    const [, kind, access = '', peer = ''] = found;
    if (peer === this.#name && !/[*?[{@]/.test(peer)) return true;
    return (
      kind === 'signal' &&
      /^\( ?receive ?\) $/.test(access) &&
      /^(?:unconfined|runc|crun|dockerd|\/usr\/bin\/dockerd)$/.test(peer)
    );
  }
}
