import type { ArgumentRule } from './seccomp-document.ts';
import type { SeenCall } from './trace-reader.ts';

/** Flags of clone that make namespaces: Docker's default refuses them. */
const NAMESPACES = 0x7e020000;
/** The new task is a thread of the caller. */
const CLONE_THREAD = 0x10000;
const LOW_WORD = 0xffffffffn;
const ALL_BITS = 0xffffffff;
/** A runtime takes at most 128 entries (KEP-6061). */
const MOST_RULES = 24;
/**
 * Families that name look-ups open (AF_UNIX, AF_INET, AF_INET6, AF_NETLINK), for programs that
 * opened an Internet socket.
 */
const LOOK_UP_FAMILIES = [1n, 2n, 10n, 16n];
/** What Docker's default lets `personality` set. */
const PERSONALITIES = [0n, 8n, 0x20000n, 0x20008n, 0xffffffffn];
/** PR_SET_NAME, which a thread calls that starts later. */
const SET_NAME = 15n;
/**
 * PR_SET_KEEPCAPS, PR_CAPBSET_READ, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT: runc
 * calls them before the program starts.
 */
const START_OPTIONS = [8n, 23n, 24n, 38n, 47n];

/** What decides how far arguments are narrowed. */
export interface Narrowing {
  /** GOARCH. */
  readonly architecture: string;
  /** Nothing beside what was seen. */
  readonly strict: boolean;
  /** Narrow `ioctl` too. */
  readonly ioctl: boolean;
}

/**
 * Rules for the arguments of a call, any of which lets it through; undefined where the call is not
 * narrowed. `seen` is undefined where only the engine or a rare case needs the call.
 */
export function argumentRules(
  name: string,
  seen: SeenCall | undefined,
  narrowing: Narrowing,
): readonly ArgumentRule[] | undefined {
  switch (name) {
    case 'socket':
      return socketRules(seen?.values, narrowing.strict);
    case 'clone':
      return [cloneRule(seen, narrowing.architecture)];
    case 'personality':
      return personalityRules(seen?.values);
    case 'prctl':
      return prctlRules(seen, narrowing.strict);
    case 'ioctl':
      return narrowing.ioctl && seen?.values !== undefined ? words(1, [...seen.values]) : undefined;
    default:
      return undefined;
  }
}

/** True where every task that was made is a thread: no other process was started. */
export function onlyThreads(seen: SeenCall | undefined): boolean {
  if (seen === undefined) return true;
  return seen.values !== undefined && [...seen.values].every((flags) => (flags & 0x10000n) !== 0n);
}

function cloneRule(seen: SeenCall | undefined, architecture: string): ArgumentRule {
  const index = architecture === 's390x' ? 1 : 0;
  return onlyThreads(seen)
    ? {
        index,
        value: NAMESPACES + CLONE_THREAD,
        valueTwo: CLONE_THREAD,
        op: 'SCMP_CMP_MASKED_EQ',
      }
    : { index, value: NAMESPACES, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' };
}

function socketRules(
  values: ReadonlySet<bigint> | undefined,
  strict: boolean,
): readonly ArgumentRule[] {
  const seen = [...(values ?? [])].filter((family) => family < 256n && !isRefused(family));
  const isOfInternet = seen.some((family) => family === 2n || family === 10n);
  const families = new Set([...seen, ...(isOfInternet && !strict ? LOOK_UP_FAMILIES : [])]);
  return equals(0, [...families]);
}

/** AF_ALG and AF_VSOCK, which the default refuses. */
function isRefused(family: bigint): boolean {
  return family === 38n || family === 40n;
}

function personalityRules(values: ReadonlySet<bigint> | undefined): readonly ArgumentRule[] {
  return equals(
    0,
    PERSONALITIES.filter((value) => [...(values ?? [])].some((one) => (one & LOW_WORD) === value)),
  );
}

function prctlRules(
  seen: SeenCall | undefined,
  strict: boolean,
): readonly ArgumentRule[] | undefined {
  if (seen !== undefined && seen.values === undefined) return undefined;
  const extra = strict ? [] : [SET_NAME, ...START_OPTIONS];
  const rules = words(0, [...new Set([...(seen?.values ?? []), ...extra])]);
  return rules.length > MOST_RULES ? undefined : rules;
}

/** The whole register has the value, as Docker's own rules compare. */
function equals(index: number, values: readonly bigint[]): readonly ArgumentRule[] {
  return sorted(values).map((value) => ({ index, value, op: 'SCMP_CMP_EQ' }));
}

/** The low word has the value: C libraries differ in what they leave in the high one. */
function words(index: number, values: readonly bigint[]): readonly ArgumentRule[] {
  const low = new Set(values.map((value) => value & LOW_WORD));
  return sorted([...low]).map((valueTwo) => ({
    index,
    value: ALL_BITS,
    valueTwo,
    op: 'SCMP_CMP_MASKED_EQ',
  }));
}

function sorted(values: readonly bigint[]): readonly number[] {
  return values.map(Number).toSorted((a, b) => a - b);
}
