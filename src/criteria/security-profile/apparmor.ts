/** How a profile compares with docker-default (moby/profiles, apparmor/template.go), and why. */
interface AppArmorVerdict {
  readonly holds: 'tighter' | 'not-tighter' | 'undecided' | 'malformed';
  readonly reason: string;
}

/** What stands before a brace, and the rules behind it: without their comma, blanks made one. */
interface Block {
  readonly head: string;
  readonly rules: string[];
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
 * Reads the text of AppArmor profiles (apparmor.d(5)) as far as rules, blocks and names go: first
 * the rules outside of profiles, then each profile, hat and child. Undefined where it is cut off.
 */
function blocksOf(text: string): readonly Block[] | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const all: Block[] = [{ head: '', rules: [] }];
  const open = [...all];
  let words = '';
  const end = (): string => {
    const rule = words.trim().replace(/\s+/g, ' ');
    words = '';
    return rule;
  };
  const add = (rule: string): void => {
    if (rule !== '') open.at(-1)?.rules.push(rule);
  };
  for (const [token] of text.matchAll(TOKEN)) {
    if (/^#./.test(token)) continue;
    if (token === ',' || (token === '\n' && ENDS_WITH_LINE.test(words.trim()))) add(end());
    else if (token === '{') {
      const block = { head: end(), rules: [] };
      if (open.length === 1 ? !HEAD.test(block.head) : open.length > MAX_DEPTH) return undefined;
      open.push(block);
      all.push(block);
    } else if (token === '}') {
      add(end());
      if (open.pop() === all[0]) return undefined;
    } else words += token;
  }
  add(end());
  return open.length > 1 ? undefined : all;
}

/** Rules without an object, each of which grants a whole class; docker-default has these four. */
const BLANKETS = ['file', 'network', 'capability', 'umount'];
/** What it grants of no kind, or denies. */
const LOOSER =
  /^(?:all|mount|remount|ptrace|signal|change_profile|change_hat|pivot_root|userns|io_uring|dbus)\b/;
const QUALIFIERS = /^(?:(?:audit|quiet|allow|owner|other)\s+)+/;
const MODES = /^(?:attach_disconnected|mediate_deleted|enforce|audit|kill|chroot_relative)$/;
const OPEN_MODES = /^(?:complain|unconfined|default_allow|prompt)$/;
const ABI = /^abi <abi\/[34]\.0>$/;
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
export function judgeAppArmor(text: string): AppArmorVerdict {
  const [outside, ...profiles] = blocksOf(text) ?? [];
  if (outside === undefined || profiles.length === 0)
    return { holds: 'malformed', reason: 'it is not a whole AppArmor profile' };
  const odd = outside.rules.find((rule) => !INCLUDES.test(rule) && !ABI.test(rule));
  const verdicts = [...profiles.map(judged), ...(odd === undefined ? [] : [unseen(odd)])];
  const [first = unseen('nothing')] = verdicts;
  return (
    verdicts.find(({ holds }) => holds === 'not-tighter') ??
    verdicts.find(({ holds }) => holds === 'undecided') ??
    first
  );
}

function unseen(rule: string): AppArmorVerdict {
  return { holds: 'undecided', reason: `what it grants depends on ${JSON.stringify(rule)}` };
}

function looser(reason: string): AppArmorVerdict {
  return { holds: 'not-tighter', reason };
}

const DENY = /^(?:(?:audit|quiet) )*deny (?:(?:audit|quiet|owner) )*(.*)/;

function judged({ head, rules }: Block): AppArmorVerdict {
  const modes = modesOf(head);
  const off = modes.find((mode) => OPEN_MODES.test(mode));
  if (off !== undefined) return looser(`it is in ${off} mode`);
  const denied = new Set(rules.flatMap((rule) => DENY.exec(rule)?.[1] ?? []));
  const granted = rules.filter((rule) => !DENY.test(rule) && !INCLUDES.test(rule));
  const effects = granted.map((rule) => ({ rule, ...effectOf(rule, nameOf(head)) }));
  const reaches = new Set(effects.map((one) => one.reaches));
  const loose =
    effects.find(({ isLooser }) => isLooser === true)?.rule ??
    (reaches.has('alg') && !denied.has('network alg') ? 'network alg' : undefined) ??
    (reaches.has('kernel') ? DENIED.find((rule) => !denied.has(rule)) : undefined);
  if (loose !== undefined) return looser(`grants what docker-default denies: ${loose}`);
  const odd =
    modes.find((mode) => !MODES.test(mode)) ??
    effects.find(({ isUnseen }) => isUnseen === true)?.rule ??
    (/^(?:if|else)\b/.test(head) ? head : undefined);
  if (odd !== undefined) return unseen(odd);
  const named = new Set(effects.flatMap(({ capabilities = [] }) => capabilities));
  const classes = new Set(effects.map((one) => one.all));
  if (named.size >= CAPABILITIES) classes.add('capability');
  const whole = BLANKETS.filter((name) => classes.has(name));
  if (whole.length === BLANKETS.length) return looser('grants as much as docker-default');
  const reason = `grants ${whole.join(', ') || 'nothing'} as a whole, docker-default all of ${BLANKETS.join(', ')}`;
  return { holds: 'tighter', reason };
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

/** What a rule grants. */
interface Effect {
  /** A class of BLANKETS as a whole. */
  readonly all?: string;
  readonly capabilities?: readonly string[];
  /** Some of what docker-default denies by rules of its own: kernel files, sockets of AF_ALG. */
  readonly reaches?: 'kernel' | 'alg';
  /** What docker-default grants to no one. */
  readonly isLooser?: boolean;
  readonly isUnseen?: boolean;
}

const KINDS_OF_SOCKETS = /^(?:stream|dgram|seqpacket|rdm|raw|packet|tcp|udp|icmp)$/;

function effectOf(written: string, profile: string): Effect {
  const rule = written.replace(QUALIFIERS, '');
  const [kind = '', ...words] = rule.split(' ');
  if (rule === 'file') return { all: rule, reaches: 'kernel' };
  if (rule === 'network') return { all: rule, reaches: 'alg' };
  if (BLANKETS.includes(rule)) return { all: rule };
  if (kind === 'capability') return { capabilities: words };
  // A kind of socket alone means every family.
  if (kind === 'network')
    return words[0] === 'alg' || words.every((word) => KINDS_OF_SOCKETS.test(word))
      ? { reaches: 'alg' }
      : {};
  if (kind === 'umount') return {};
  if (LOOSER.test(rule)) return { isLooser: !isOwnSignal(rule, profile) };
  const file = rule.replace(/^file /, '');
  const found = /"[^"]*"|(?<![^ ])[/@{]\S*/.exec(file);
  const before = file.slice(0, found?.index).trim();
  const access = before + file.slice((found?.index ?? 0) + (found?.[0].length ?? 0)).trim();
  if (UNCONFINED.test(access)) return { isLooser: true };
  if (found === null || !/^[rwalkmix]*$/.test(access)) return { isUnseen: true };
  const path = found[0].replaceAll('"', '');
  const literal = /^[^*?[{@\\]*/.exec(path)?.[0] ?? '';
  const isOfKernel = ['/proc/', '/sys/'].some((top) =>
    literal === path
      ? `${path}/`.startsWith(top)
      : top.startsWith(literal) || literal.startsWith(top),
  );
  return {
    ...(literal.length <= 1 && path.includes('**') && { all: 'file' }),
    ...(isOfKernel && { reaches: 'kernel' }),
  };
}

/** Signals from outside and between the profile's processes, as docker-default allows them. */
function isOwnSignal(rule: string, profile: string): boolean {
  const found = /^(signal|ptrace) (\([\w, ]*\) )?peer="?([^"\s]+)"?$/.exec(rule);
  if (found === null) return false;
  const [, kind, access = '', peer = ''] = found;
  if (peer === profile && !/[*?[{@]/.test(peer)) return true;
  return (
    kind === 'signal' &&
    /^\( ?receive ?\) $/.test(access) &&
    /^(?:unconfined|runc|crun|dockerd|\/usr\/bin\/dockerd)$/.test(peer)
  );
}
