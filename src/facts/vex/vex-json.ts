import { oneLine } from '../../model/clean-text.ts';
import { listField } from '../../model/json-value.ts';
import { LONGEST_NAME } from './vex-statement.ts';

/** A list, at most so many of it; empty where it is none. */
export function list(value: unknown, name: string, most: number): readonly unknown[] {
  return listField(value, name).slice(0, most);
}

/** Text of one bounded line; undefined where it is none. */
export function text(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '' || value.length > LONGEST_NAME) return undefined;
  return oneLine(value);
}

/** A time as RFC 3339 writes it, in milliseconds; undefined where it is none. */
export function time(value: unknown): number | undefined {
  const parsed = typeof value === 'string' && value.length < 64 ? Date.parse(value) : Number.NaN;
  return Number.isNaN(parsed) ? undefined : parsed;
}

export function vulnerabilityNames(...names: readonly unknown[]): readonly string[] {
  const spelled = names.flatMap((name) => text(name)?.toUpperCase() ?? []);
  // An IRI that ends in the id names it too: `https://nvd.nist.gov/vuln/detail/CVE-2019-17571`.
  const last = spelled.flatMap((name) =>
    name.includes('/') ? (name.split(/[/#]/).findLast((part) => part !== '') ?? []) : name,
  );
  return [...new Set(last)];
}
