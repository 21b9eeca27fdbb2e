import { byCodeUnit } from '../model/order.ts';
import { meets } from '../rules/security-profile/seccomp/argument-sets.ts';
import { DEFAULT_RULES } from '../rules/security-profile/seccomp/default-profile.ts';
import type { SeccompProfile } from '../rules/security-profile/seccomp/read-profile.ts';
import type { Rule } from '../rules/security-profile/seccomp/rule.ts';
import type { SeenCall, Trace } from './trace-reader.ts';

/**
 * Calls of a trace that a profile forbids, in words, though the engine's default allows them:
 * `socket (AF 16)`. What the default refuses too is not among them, since the program lives without
 * it.
 */
export function forbiddenCalls(trace: Trace, profile: SeccompProfile): readonly string[] {
  const permitting = profile.rules.filter(({ permits }) => permits);
  const byDefault = DEFAULT_RULES.filter(({ caps = [] }) => caps.length === 0);
  return [...trace.calls]
    .toSorted(([a], [b]) => byCodeUnit(a, b))
    .flatMap(([name, seen]) => {
      const standard = byDefault.filter(({ names }) => names.includes(name));
      if (standard.length === 0) return [];
      const rules = permitting.filter(({ names }) => names.includes(name));
      return rules.length === 0 ? [name] : refusedValues(name, seen, rules, standard);
    });
}

function refusedValues(
  name: string,
  { values }: SeenCall,
  rules: readonly Rule[],
  standard: readonly Rule[],
): readonly string[] {
  if (rules.some(({ conditions }) => conditions.length === 0)) return [];
  // Too many values to be kept, and the profile wants certain ones.
  if (values === undefined) return name === 'ioctl' || name === 'prctl' ? [name] : [];
  const isMet = (value: number, some: readonly Rule[]): boolean =>
    some.some(({ conditions }) => conditions.every((one) => meets(value, one)));
  return [...values]
    .map((value) => Number(value & 0xffffffffn))
    .filter((value) => isMet(value, standard) && !isMet(value, rules))
    .toSorted((a, b) => a - b)
    .map((value) => `${name} (${ARGUMENT[name] ?? 'argument'} 0x${value.toString(16)})`);
}

const ARGUMENT: Readonly<Record<string, string | undefined>> = {
  socket: 'family',
  clone: 'flags',
  prctl: 'option',
  ioctl: 'request',
};
