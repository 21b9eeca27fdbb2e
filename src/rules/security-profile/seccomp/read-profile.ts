import { field, isObject } from '../../../model/json-value.ts';
import { seccompFlaw } from '../../../model/seccomp-flaw.ts';
import { listField, textField } from '../../shared/verdict/attested.ts';
import type { Condition, Kernel, Operator, Rule, Scope } from './rule.ts';

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
const MAX_WORD = 2 ** 32;

/** True for actions that refuse a call. */
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

/** Rules of an entry: conditions on one argument twice count apart, as runc hands them on. */
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

/** Go reads `Syscalls` as `syscalls`: what we would pass over, the engine would not. */
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
