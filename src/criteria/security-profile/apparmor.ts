/** The rules of one profile or hat, and what stands before its brace. */
interface AppArmorProfile {
  readonly head: string;
  /** Without their comma, blanks made one. */
  readonly rules: string[];
}

interface AppArmorText {
  /** Rules before and between the profiles: includes, variables, abi. */
  readonly outside: readonly string[];
  /** Hats and children follow the profile that they are in. */
  readonly profiles: readonly AppArmorProfile[];
}

const MAX_LENGTH = 1_000_000;
const MAX_DEPTH = 10;
const HEAD = /^(?:profile \S|["/@])/;
/** An include and a variable end with their line, all else with a comma. */
const ENDS_WITH_LINE = /^#?include(?: if exists)? (?:<[^>]*>|"[^"]*"|\S+)|^@\{\w+\}\s*\+?=/;
/** A text, a comment, `{a,b}` of a path and others with commas; else sign by sign. */
const TOKEN =
  /"[^"]*"|\\.|#(?!include\b)[^\n]*|@\{\w+\}|(?<=[^\s)"])\{[^{}\s]*\}|\([^()]*\)|[{},\n]|[^"\\#{}(),\n@]+|./gs;

/**
 * Reads the text of AppArmor profiles (apparmor.d(5)) as far as rules, blocks and names go.
 * Undefined where it is cut off or lacks a profile.
 */
export function readAppArmor(text: string): AppArmorText | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const outside: string[] = [];
  const profiles: AppArmorProfile[] = [];
  const open: AppArmorProfile[] = [];
  let words = '';
  const taken = (): string => {
    const rule = words.trim().replace(/\s+/g, ' ');
    words = '';
    return rule;
  };
  const end = (): void => {
    const rule = taken();
    if (rule !== '') (open.at(-1)?.rules ?? outside).push(rule);
  };
  for (const [token] of text.matchAll(TOKEN)) {
    if (/^#./.test(token)) continue;
    if (token === ',' || (token === '\n' && ENDS_WITH_LINE.test(words.trim()))) end();
    else if (token === '{') {
      const block = { head: taken(), rules: [] };
      if (open.length === 0 ? !HEAD.test(block.head) : open.length > MAX_DEPTH) return undefined;
      open.push(block);
      profiles.push(block);
    } else if (token === '}') {
      end();
      if (open.pop() === undefined) return undefined;
    } else words += token;
  }
  end();
  return open.length > 0 || profiles.length === 0 ? undefined : { outside, profiles };
}

/** How a profile compares with docker-default (moby/profiles, apparmor/template.go), and why. */
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

function judged({ head, rules }: AppArmorProfile): AppArmorVerdict {
  const modes = modesOf(head);
  const off = modes.find((mode) => OPEN_MODES.test(mode));
  if (off !== undefined) return looser(`it is in ${off} mode`);
  const found = new Granted(nameOf(head));
  for (const rule of rules) found.add(rule);
  if (found.looser !== undefined)
    return looser(`grants what docker-default denies: ${found.looser}`);
  const odd =
    modes.find((mode) => !MODES.test(mode)) ??
    found.unseen ??
    (/^(?:if|else)\b/.test(head) ? head : undefined);
  if (odd !== undefined) return unseen(odd);
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
  /** The first rule whose effect is not known. */
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

  /** The first right that it grants and docker-default does not. */
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
