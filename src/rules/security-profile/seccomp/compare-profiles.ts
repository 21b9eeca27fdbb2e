import { isWithin, meets } from './argument-sets.ts';
import {
  CALLS_OF_MACHINES,
  DEFAULT_CAPABILITIES,
  DEFAULT_RULES,
  SUB_ARCHITECTURES,
} from './default-profile.ts';
import type { SeccompProfile } from './read-profile.ts';
import {
  type Condition,
  isInForce,
  type Kernel,
  type Rule,
  type ContainerContext,
} from './rule.ts';

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
