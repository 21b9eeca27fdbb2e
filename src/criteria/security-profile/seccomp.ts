import { field, isObject } from '../../lib/json.ts';
import { seccompFlaw } from '../../model/profile.ts';
import { listField, textField } from '../attested.ts';
import {
  CALLS_OF_MACHINES,
  type Condition,
  type ContainerContext,
  DEFAULT_CAPABILITIES,
  DEFAULT_RULES,
  isInForce,
  type Kernel,
  type Operator,
  type Rule,
  type Scope,
  SUB_ARCHITECTURES,
} from './seccomp-default.ts';

const MAX_WORD = 2 ** 32;

/** True where an argument meets the condition; arguments are at most 32 bits wide. */
export function meets(argument: number, { op, value, mask }: Condition): boolean {
  switch (op) {
    case 'EQ':
      return argument === value;
    case 'NE':
      return argument !== value;
    case 'LT':
      return argument < value;
    case 'LE':
      return argument <= value;
    case 'GT':
      return argument > value;
    case 'GE':
      return argument >= value;
    case 'MASKED_EQ':
      return (argument & mask) >>> 0 === value;
  }
}

/**
 * True where each value that meets `inner` meets one of `outer`; undefined for `inner` is any
 * value. Exact for ranges, whose ends are tried with their neighbors; in doubt false.
 */
function isWithin(
  inner: Condition = { index: 0, op: 'GE', value: 0, mask: 0 },
  outer: readonly Condition[],
): boolean {
  if (inner.op === 'EQ') return outer.some((one) => meets(inner.value, one));
  if (inner.op === 'MASKED_EQ')
    return outer.some(
      ({ op, mask, value }) =>
        op === 'MASKED_EQ' &&
        (inner.mask & mask) >>> 0 === mask &&
        (inner.value & mask) >>> 0 === value,
    );
  const ranges = outer.filter(({ op }) => op !== 'MASKED_EQ');
  return [inner, ...ranges, { value: 0 }, { value: MAX_WORD }]
    .flatMap(({ value }) => [Math.max(0, value - 1), value, value + 1])
    .every((value) => !meets(value, inner) || ranges.some((one) => meets(value, one)));
}

/** A seccomp profile in Docker's form, as the engine would read it. */
export interface SeccompProfile {
  readonly defaultAction: string;
  readonly rules: readonly Rule[];
  /** Machines that are filtered beside the engine's own, without `SCMP_ARCH_`, by the engine's. */
  readonly machines: (engine: string) => readonly string[];
  /** Some call is refused with error number 0, which a program takes for success. */
  readonly pretends: boolean;
}

/** The engine refuses such a profile, or reads it otherwise than it looks. */
export class MalformedProfile extends Error {}

const DENIES = /^SCMP_ACT_(?:ERRNO|KILL|KILL_PROCESS|KILL_THREAD|TRAP)$/;
/** The call goes through, or another program decides. */
const PERMITS = /^SCMP_ACT_(?:ALLOW|LOG|TRACE|NOTIFY)$/;
const OPERATOR = /^SCMP_CMP_(NE|LT|LE|EQ|GE|GT|MASKED_EQ)$/;
const KEYS = new Set(
  (
    'defaultAction defaultErrnoRet archMap architectures flags listenerPath listenerMetadata ' +
    'syscalls architecture subArchitectures names name action errnoRet args comment includes ' +
    'excludes caps arches minKernel index value valueTwo op'
  ).split(' '),
);
const BY_FOLDED = new Map([...KEYS].map((key) => [folded(key), key]));
/** libseccomp's long names by its short ones, where a table of Docker's gives one. */
const NATIVE: Readonly<Record<string, string>> = {
  amd64: 'X86_64',
  x86: 'X86',
  arm64: 'AARCH64',
  arm: 'ARM',
  ppc64le: 'PPC64LE',
  s390x: 'S390X',
  riscv64: 'RISCV64',
  mips64: 'MIPS64',
  mipsel64: 'MIPSEL64',
};
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
  const defaultAction = textField(profile, 'defaultAction') ?? '';
  if (defaultAction === '') throw new MalformedProfile('no default action, so it is not a profile');
  if (!DENIES.test(defaultAction) && !PERMITS.test(defaultAction))
    throw new MalformedProfile(`unknown default action ${JSON.stringify(defaultAction)}`);
  const flaw = isObject(profile) ? seccompFlaw(profile) : 'not an object';
  if (flaw !== undefined) throw new MalformedProfile(flaw);
  const entries = objects(profile, 'syscalls');
  if (entries.length > MAX_RULES) throw new MalformedProfile(`over ${MAX_RULES} rules`);
  const rules = entries.flatMap(rulesOf);
  const pretends =
    (/ERRNO/.test(defaultAction) && field(profile, 'defaultErrnoRet') === 0) ||
    entries.some((entry) => entry['action'] === 'SCMP_ACT_ERRNO' && entry['errnoRet'] === 0);
  return { defaultAction, rules, machines: machinesOf(profile), pretends };
}

function machinesOf(profile: unknown): SeccompProfile['machines'] {
  const flat = strings(profile, 'architectures').map(machineName);
  const mapped = objects(profile, 'archMap').map((entry) => ({
    own: machineName(textField(entry, 'architecture') ?? ''),
    others: strings(entry, 'subArchitectures').map(machineName),
  }));
  if (flat.length > 0 && mapped.length > 0)
    throw new MalformedProfile('both architectures and archMap');
  return (engine) => {
    const found = mapped.find(({ own }) => own === NATIVE[engine]);
    return [...flat, ...(found === undefined ? [] : [found.own, ...found.others])];
  };
}

function machineName(name: string): string {
  return name.replace(/^SCMP_ARCH_/, '');
}

/** Rules of an entry. Two conditions on one argument count apart, as in runc. */
function rulesOf(entry: Readonly<Record<string, unknown>>): readonly Rule[] {
  const action = textField(entry, 'action') ?? '';
  if (!DENIES.test(action) && !PERMITS.test(action))
    throw new MalformedProfile(`unknown action ${JSON.stringify(action)}`);
  const name = textField(entry, 'name') ?? '';
  const several = strings(entry, 'names');
  if (name !== '' && several.length > 0) throw new MalformedProfile('both name and names');
  const names = name === '' ? several : [name];
  const conditions = objects(entry, 'args').map(conditionOf);
  const known = conditions.filter((one) => one !== undefined);
  const rule = { names, permits: PERMITS.test(action), ...scopeOf(entry) };
  const isRepeated = new Set(conditions.map((one) => one?.index)).size < conditions.length;
  if (!isRepeated) return [{ ...rule, conditions: known }];
  return conditions.map((one) => ({ ...rule, conditions: one === undefined ? [] : [one] }));
}

/** Undefined for one with a value of more than 32 bits: it counts as none, which is the wider. */
function conditionOf(entry: Readonly<Record<string, unknown>>): Condition | undefined {
  const { index = 0, value = 0, valueTwo = 0 } = entry;
  const op = OPERATOR.exec(textField(entry, 'op') ?? '')?.[1] as Operator | undefined;
  if (op === undefined || !isCount(index) || index > 5 || !isCount(value) || !isCount(valueTwo))
    throw new MalformedProfile('a condition on an argument that is none');
  if (value >= MAX_WORD || valueTwo >= MAX_WORD) return undefined;
  return op === 'MASKED_EQ'
    ? { index, op, mask: value, value: valueTwo }
    : { index, op, value, mask: 0 };
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0;
}

function scopeOf(entry: Readonly<Record<string, unknown>>): Scope {
  const includes = objectIn(entry, 'includes');
  const excludes = objectIn(entry, 'excludes');
  const minKernel = kernelOf(includes);
  const belowKernel = kernelOf(excludes);
  return {
    arches: strings(includes, 'arches'),
    caps: strings(includes, 'caps'),
    notArches: strings(excludes, 'arches'),
    notCaps: strings(excludes, 'caps'),
    ...(minKernel === undefined ? {} : { minKernel }),
    ...(belowKernel === undefined ? {} : { belowKernel }),
  };
}

function kernelOf(filter: Readonly<Record<string, unknown>>): Kernel | undefined {
  const stated = filter['minKernel'] ?? '';
  if (stated === '') return undefined;
  const found = /^(\d{1,3})\.(\d{1,3})$/.exec(typeof stated === 'string' ? stated : '');
  const [kernel, major] = [Number(found?.[1]), Number(found?.[2])];
  if (found === null || kernel > 255 || major > 255 || kernel + major === 0)
    throw new MalformedProfile(`no kernel version: ${JSON.stringify(stated)}`);
  return [kernel, major];
}

function objectIn(value: unknown, name: string): Readonly<Record<string, unknown>> {
  const found = field(value, name) ?? {};
  if (!isObject(found)) throw new MalformedProfile(`${name} is not an object`);
  return found;
}

function objects(value: unknown, name: string): readonly Readonly<Record<string, unknown>>[] {
  const found = listIn(value, name);
  if (!found.every(isObject)) throw new MalformedProfile(`${name} is not a list of objects`);
  return found;
}

function strings(value: unknown, name: string): readonly string[] {
  const found = listIn(value, name);
  if (!found.every((one) => typeof one === 'string'))
    throw new MalformedProfile(`${name} is not a list of names`);
  return found;
}

function listIn(value: unknown, name: string): readonly unknown[] {
  const found = field(value, name) ?? [];
  if (!Array.isArray(found)) throw new MalformedProfile(`${name} is not a list`);
  return listField(value, name);
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
  /** Calls of the default that it refuses with some arguments only. */
  readonly filtered: readonly string[];
  /** Calls without which no container starts, and that it refuses. */
  readonly stops: readonly string[];
}

/**
 * What runc 1.1 or crun 1.21 call between the filter and the program, with no-new-privileges: of
 * each it was seen that the container does not start where it is refused. `openat` and `close` are
 * any program's first calls as well. Without no-new-privileges there are more.
 */
const STARTS = ['execve', 'openat', 'close', 'write', 'futex', 'fstatfs', 'getdents64'];

const NEWEST: Kernel = [255, 255];

/** The engine's machines that run a platform's images: GOARCH to libseccomp's short names. */
const ENGINES: Readonly<Record<string, readonly string[]>> = {
  amd64: ['amd64'],
  '386': ['amd64', 'x86'],
  arm64: ['arm64'],
  arm: ['arm64', 'arm'],
  loong64: ['loongarch64'],
  mips64le: ['mipsel64'],
};

/**
 * Compares a profile with the default, for an image of `architecture` (GOARCH), on every kernel and
 * with every set of capabilities. A rule that allows counts whatever others refuse: which of
 * several wins is up to libseccomp, so the wider reading is taken.
 */
export function compareWithDefault(profile: SeccompProfile, architecture: string): Comparison {
  const engines = ENGINES[architecture] ?? [architecture];
  const theirs = byName(DEFAULT_RULES);
  const ours = byName(profile.rules.filter(({ permits }) => permits));
  const more = new Set(foreignMachines(profile, engines));
  for (const [name, rules] of ours) {
    const allowed = theirs.get(name) ?? [];
    const machines = engines.filter((one) => CALLS_OF_MACHINES[name]?.includes(one) ?? true);
    if (!rules.every((rule) => isCovered(rule, allowed, machines)))
      more.add(allowed.length === 0 ? name : `${name} (the default allows it on conditions)`);
  }
  const usual: ContainerContext = {
    arch: engines[0] ?? architecture,
    kernel: NEWEST,
    caps: new Set(DEFAULT_CAPABILITIES),
  };
  const inForce = (rules: readonly Rule[] = []): readonly Rule[] =>
    rules.filter((rule) => isInForce(rule, usual));
  const allowed = [...theirs].filter(([, rules]) => inForce(rules).length > 0);
  const kept = allowed.filter(([name]) => inForce(ours.get(name)).length > 0);
  const filtered = kept.filter(([name, rules]) =>
    refusesSome(inForce(rules), inForce(ours.get(name))),
  );
  return {
    more: [...more],
    kept: kept.length,
    total: allowed.length,
    filtered: filtered.map(([name]) => name),
    stops: STARTS.filter(
      (name) =>
        !inForce(ours.get(name)).some(({ conditions }) => conditions.length === 0) ||
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

/** Machines that it lets make calls and the default kills: 64 bits beside an engine of 32. */
function foreignMachines(
  { machines }: SeccompProfile,
  engines: readonly string[],
): readonly string[] {
  const family = engines.flatMap((engine) => SUB_ARCHITECTURES[engine] ?? []);
  return engines.flatMap((engine) =>
    machines(engine)
      .filter((name) => family.includes(name) && SUB_ARCHITECTURES[engine]?.includes(name) !== true)
      .map((name) => `calls of ${name}`),
  );
}

/** True where the default allows what the rule does, wherever the rule is in force. */
function isCovered(rule: Rule, allowed: readonly Rule[], engines: readonly string[]): boolean {
  const caps = new Set(allowed.flatMap((one) => [...(one.caps ?? []), ...(one.notCaps ?? [])]));
  for (const arch of engines)
    for (const kernel of kernelsOf([rule, ...allowed]))
      for (const some of subsets([...caps])) {
        const around = { arch, kernel, caps: new Set([...some, ...(rule.caps ?? [])]) };
        if (!isInForce(rule, around)) continue;
        if (
          !isAllowed(
            rule.conditions,
            allowed.filter((one) => isInForce(one, around)),
          )
        )
          return false;
      }
  return true;
}

/** The default's conditions are on one argument each, so one argument must be within them. */
function isAllowed(conditions: readonly Condition[], allowed: readonly Rule[]): boolean {
  if (allowed.some((rule) => rule.conditions.length === 0)) return true;
  const wanted = allowed.flatMap((rule) => rule.conditions);
  const indexes = new Set(wanted.map(({ index }) => index));
  return [...indexes].some((index) =>
    isWithin(
      conditions.find((one) => one.index === index),
      wanted.filter((one) => one.index === index),
    ),
  );
}

function kernelsOf(rules: readonly Rule[]): readonly Kernel[] {
  const stated = rules.flatMap(({ minKernel, belowKernel }) => [
    ...(minKernel === undefined ? [] : [minKernel]),
    ...(belowKernel === undefined ? [] : [belowKernel]),
  ]);
  return [[0, 0], NEWEST, ...stated, ...stated.map(before)];
}

function before([kernel, major]: Kernel): Kernel {
  return major > 0 ? [kernel, major - 1] : [Math.max(0, kernel - 1), 255];
}

function subsets(names: readonly string[]): readonly (readonly string[])[] {
  return names.reduce<readonly (readonly string[])[]>(
    (found, name) => [...found, ...found.map((some) => [...some, name])],
    [[]],
  );
}

/** True where a call is found that the default allows and the profile refuses. */
function refusesSome(theirs: readonly Rule[], ours: readonly Rule[]): boolean {
  if (ours.some(({ conditions }) => conditions.length === 0)) return false;
  const conditions = [...theirs, ...ours].flatMap((rule) => rule.conditions);
  const values = new Set([0, 0xffffffff]);
  for (const { value, mask } of conditions)
    for (const near of [value - 1, value, value + 1, value | mask, mask])
      values.add(Math.max(0, near) >>> 0);
  const calls = [...values].flatMap((value) =>
    [0, 1, 2, 3, 4, 5].map((index) => [0, 0, 0, 0, 0, 0].with(index, value)),
  );
  const permits = (rules: readonly Rule[], call: readonly number[]): boolean =>
    rules.some((rule) => rule.conditions.every((one) => meets(call[one.index] ?? 0, one)));
  return calls.some((call) => permits(theirs, call) && !permits(ours, call));
}
