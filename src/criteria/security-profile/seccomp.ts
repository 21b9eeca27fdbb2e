import { field, isObject, type JsonObject, listField, lookup, objectOf } from '../../lib/json.ts';
import { seccompFlaw } from '../../model/profile.ts';
import {
  CALLS_OF_MACHINES,
  type Condition,
  DEFAULT_CAPABILITIES,
  DEFAULT_RULES,
  isBelow,
  isOn,
  type Kernel,
  type Operator,
  type Rule,
  type Scope,
} from './seccomp-default.ts';

const MAX_WORD = 2 ** 32;

/** True where an argument meets the condition; arguments are at most 32 bits wide. */
export function meets(argument: number, condition: Condition): boolean {
  const { op, value, mask } = condition;
  if (op === 'MASKED_EQ') return (argument & mask) >>> 0 === value;
  const { least, most } = rangeOf(condition);
  return op === 'NE' ? argument !== value : argument >= least && argument <= most;
}

/** The values that meet a condition without a mask lie in it. */
function rangeOf({ op, value }: Condition): { readonly least: number; readonly most: number } {
  if (op === 'EQ') return { least: value, most: value };
  if (op === 'LT' || op === 'LE') return { least: 0, most: op === 'LT' ? value - 1 : value };
  return { least: op === 'GT' ? value + 1 : op === 'GE' ? value : 0, most: Infinity };
}

/** True where each value that meets `inner` meets `outer`; in doubt false. */
function isWithin(inner: Condition, outer: Condition): boolean {
  if (inner.op === 'EQ') return meets(inner.value, outer);
  if (outer.op === 'NE') return inner.op === 'NE' && inner.value === outer.value;
  if (inner.op === 'MASKED_EQ' || outer.op === 'MASKED_EQ')
    return (
      inner.op === outer.op &&
      (inner.mask & outer.mask) >>> 0 === outer.mask &&
      (inner.value & outer.mask) >>> 0 === outer.value
    );
  const [own, other] = [rangeOf(inner), rangeOf(outer)];
  return own.least >= other.least && own.most <= other.most;
}

/** A seccomp profile in Docker's form, as the engine would read it. */
export interface SeccompProfile {
  readonly defaultAction: string;
  readonly rules: readonly Rule[];
  /** Machines that an engine of this one filters besides it. */
  readonly machines: (own: string) => readonly string[];
  /** Some call is refused with error number 0, which a program takes for success. */
  readonly pretends: boolean;
}

/** The engine refuses such a profile, or reads it otherwise than it looks. */
export class MalformedProfile extends Error {}

const DENIES = /^SCMP_ACT_(?:ERRNO|KILL|KILL_PROCESS|KILL_THREAD|TRAP)$/;
const KEYS = new Set(
  (
    'defaultAction defaultErrnoRet archMap architectures flags listenerPath listenerMetadata ' +
    'syscalls architecture subArchitectures names name action errnoRet args comment includes ' +
    'excludes caps arches minKernel index value valueTwo op'
  ).split(' '),
);
const BY_FOLDED = new Map([...KEYS].map((key) => [folded(key), key]));
const MAX_RULES = 10_000;

export function denies(action: string): boolean {
  return DENIES.test(action);
}

/**
 * Reads a profile (moby/profiles, seccomp.go). Throws MalformedProfile if Docker or runc would
 * refuse it.
 */
export function readProfile(profile: unknown): SeccompProfile {
  refuseFoldedKeys(profile, 0);
  const flaw = isObject(profile) ? seccompFlaw(profile) : 'it has no defaultAction';
  if (flaw !== undefined) throw new MalformedProfile(flaw);
  const { defaultAction, defaultErrnoRet } = objectOf(profile);
  const entries = listField(profile, 'syscalls').map(objectOf);
  if (entries.length > MAX_RULES) throw new MalformedProfile(`over ${MAX_RULES} rules`);
  return {
    defaultAction: String(defaultAction),
    rules: entries.flatMap(rulesOf),
    machines: (own) => [
      ...strings(profile, 'architectures'),
      ...listField(profile, 'archMap')
        .filter((entry) => field(entry, 'architecture') === own)
        .flatMap((entry) => strings(entry, 'subArchitectures')),
    ],
    pretends:
      (defaultAction === 'SCMP_ACT_ERRNO' && defaultErrnoRet === 0) ||
      entries.some(({ action, errnoRet }) => action === 'SCMP_ACT_ERRNO' && errnoRet === 0),
  };
}

/** Rules of an entry. Two conditions on one argument count apart, as in runc. */
function rulesOf(entry: JsonObject): readonly Rule[] {
  const names = [...strings(entry, 'names'), ...[entry['name'] ?? []].flat().map(String)];
  const args = listField(entry, 'args').map(objectOf);
  const known = args.map(conditionOf);
  const permits = !denies(String(entry['action']));
  const rule = { names: names.filter((name) => name !== ''), permits, ...scopeOf(entry) };
  const isRepeated = new Set(args.map(({ index = 0 }) => index)).size < args.length;
  return isRepeated
    ? known.map((conditions) => ({ ...rule, conditions }))
    : [{ ...rule, conditions: known.flat() }];
}

/** Empty for a value of more than 32 bits: it counts as no condition, which is the wider. */
function conditionOf({ index, value, valueTwo, op }: JsonObject): readonly Condition[] {
  const [at = 0, one = 0, two = 0] = [index ?? 0, value ?? 0, valueTwo ?? 0].map(Number);
  if (one >= MAX_WORD || two >= MAX_WORD) return [];
  const operator = String(op).replace('SCMP_CMP_', '') as Operator;
  return operator === 'MASKED_EQ'
    ? [{ index: at, op: operator, mask: one, value: two }]
    : [{ index: at, op: operator, value: one, mask: 0 }];
}

function scopeOf(entry: JsonObject): Scope {
  const [includes, excludes] = ['includes', 'excludes'].map((name) => {
    const found = entry[name] ?? {};
    if (!isObject(found)) throw new MalformedProfile(`${name} is not an object`);
    return found;
  });
  const minKernel = kernelOf(includes);
  const belowKernel = kernelOf(excludes);
  return {
    arches: strings(includes, 'arches'),
    caps: strings(includes, 'caps'),
    notArches: strings(excludes, 'arches'),
    notCaps: strings(excludes, 'caps'),
    ...(minKernel && { minKernel }),
    ...(belowKernel && { belowKernel }),
  };
}

function kernelOf(filter: unknown): Kernel | undefined {
  const stated = field(filter, 'minKernel') ?? '';
  if (stated === '') return undefined;
  const found = /^(\d{1,3})\.(\d{1,3})$/.exec(typeof stated === 'string' ? stated : '');
  const [kernel, major] = [Number(found?.[1]), Number(found?.[2])];
  if (found === null || kernel > 255 || major > 255 || kernel + major === 0)
    throw new MalformedProfile(`no kernel version: ${JSON.stringify(stated)}`);
  return [kernel, major];
}

function strings(value: unknown, name: string): readonly string[] {
  const found = field(value, name) ?? [];
  if (!Array.isArray(found) || !found.every((one) => typeof one === 'string'))
    throw new MalformedProfile(`${name} is not a list of names`);
  return found;
}

/** Go reads `Syscalls` as `syscalls`: the engine would use a key that we ignore. */
function refuseFoldedKeys(value: unknown, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth > 8) throw new MalformedProfile('it is nested too deep');
  for (const [key, inner] of Object.entries(value)) {
    const meant = Array.isArray(value) ? undefined : BY_FOLDED.get(folded(key));
    if (meant !== undefined && meant !== key)
      throw new MalformedProfile(`${JSON.stringify(key)}, which the engine reads as ${meant}`);
    refuseFoldedKeys(inner, depth + 1);
  }
}

function folded(key: string): string {
  return key.replaceAll('\u017f', 's').replaceAll('\u212a', 'k').toLowerCase();
}

/** What a profile allows beside the default, and what of the default it refuses. */
interface Comparison {
  readonly more: readonly string[];
  /** Calls of the default that it allows, at least with some arguments, without extra rights. */
  readonly kept: number;
  readonly total: number;
  /** Each of these goes through with all arguments that the default lets through. */
  readonly isWhole: boolean;
  /** Calls without which no container starts, and that it refuses. */
  readonly stops: readonly string[];
}

/**
 * What runc 1.1 or crun 1.21 call between the filter and the program, with no-new-privileges: of
 * each it was seen that the container does not start where it is refused. `openat` and `close` are
 * any program's first calls as well. Without no-new-privileges there are more.
 */
const STARTS = ['execve', 'openat', 'close', 'write', 'futex', 'fstatfs', 'getdents64'];

/** The engine's machines that run a platform's images: GOARCH to libseccomp's short names. */
const ENGINES = lookup<readonly string[]>({
  amd64: ['amd64'],
  '386': ['amd64', 'x86'],
  arm64: ['arm64'],
  arm: ['arm64', 'arm'],
  loong64: ['loongarch64'],
  mips64le: ['mipsel64'],
});

/** An engine of 32 bits, and the machines whose calls the default kills there. */
const WIDER = lookup<{ readonly own: string; readonly machines: readonly string[] }>({
  '386': { own: 'SCMP_ARCH_X86', machines: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X32'] },
  arm: { own: 'SCMP_ARCH_ARM', machines: ['SCMP_ARCH_AARCH64'] },
});

/**
 * Compares a profile with the default, for an image of `architecture` (GOARCH). Each rule that
 * allows has to lie within one rule of the default, on any kernel and with any capabilities. It
 * counts whatever others refuse: which of several wins is up to libseccomp.
 */
export function compareWithDefault(profile: SeccompProfile, architecture: string): Comparison {
  const engines = ENGINES[architecture] ?? [architecture];
  const permitting = profile.rules.filter(({ permits }) => permits);
  const theirs = byName(DEFAULT_RULES);
  const { own = '', machines = [] } = WIDER[architecture] ?? {};
  const wider = profile.machines(own).filter((name) => machines.includes(name));
  const more = new Set(wider.map((name) => `calls of ${name.replace('SCMP_ARCH_', '')}`));
  for (const [name, rules] of byName(permitting)) {
    const allowed = theirs.get(name) ?? [];
    const having = engines.filter((one) => CALLS_OF_MACHINES[name]?.includes(one) ?? true);
    const isPart = rules.every((rule) =>
      having.every((one) => !isOn(rule, one) || allowed.some((by) => covers(by, rule, one))),
    );
    if (!isPart)
      more.add(allowed.length === 0 ? name : `${name} (the default allows it on conditions)`);
  }
  const machine = engines[0] ?? architecture;
  const isUsual = (rule: Rule): boolean => isInForce(rule, machine);
  const ours = byName(permitting.filter(isUsual));
  const allowed = [...byName(DEFAULT_RULES.filter(isUsual))];
  const kept = allowed.filter(([name]) => ours.has(name));
  return {
    more: [...more],
    kept: kept.length,
    total: allowed.length,
    isWhole: allowed.every(([name, rules]) =>
      rules.every((rule) => ours.get(name)?.some((by) => takesAll(by, rule)) === true),
    ),
    stops: STARTS.filter(
      (name) =>
        ours.get(name)?.some(({ conditions }) => conditions.length === 0) !== true ||
        profile.rules.some((rule) => !rule.permits && rule.names.includes(name)),
    ),
  };
}

function byName(rules: readonly Rule[]): ReadonlyMap<string, readonly Rule[]> {
  const found = new Map<string, Rule[]>();
  for (const rule of rules)
    for (const name of new Set(rule.names)) {
      const list = found.get(name) ?? [];
      list.push(rule);
      found.set(name, list);
    }
  return found;
}

/** True in a container that was given no capabilities, on the newest kernel. */
function isInForce(rule: Rule, machine: string): boolean {
  const { caps = [], notCaps = [], belowKernel } = rule;
  const has = (cap: string): boolean => DEFAULT_CAPABILITIES.includes(cap);
  return isOn(rule, machine) && belowKernel === undefined && caps.every(has) && !notCaps.some(has);
}

/** True where one rule allows all that the other does, wherever that one is in force. */
function covers(by: Rule, rule: Rule, machine: string): boolean {
  const { caps = [], notCaps = [], minKernel, belowKernel } = by;
  return (
    isOn(by, machine) &&
    notCaps.length === 0 &&
    belowKernel === undefined &&
    caps.every((cap) => rule.caps?.includes(cap)) &&
    (minKernel === undefined ||
      (rule.minKernel !== undefined && !isBelow(rule.minKernel, minKernel))) &&
    takesAll(by, rule)
  );
}

/** True where all arguments that meet the rule's conditions meet those of the other. */
function takesAll({ conditions }: Rule, rule: Rule): boolean {
  return conditions.every((outer) =>
    rule.conditions.some((inner) => inner.index === outer.index && isWithin(inner, outer)),
  );
}
