import { yamlTable } from '../fakes/table.ts';

/**
 * Profiles that runc 1.1 and Docker 26 take or refuse, run by test/e2e/seccomp-profiles.e2e.test.ts
 * on the engine itself, on a machine of little-endian byte order.
 */
interface Row {
  readonly title: string;
  readonly whole?: object;
  readonly more?: object;
  readonly entry?: object;
  readonly argument?: object;
  readonly without?: string;
  readonly said?: string;
}

const ENTRY = { names: ['swapon'], action: 'SCMP_ACT_ERRNO' };
const ARGUMENT = { index: 0, value: 1, op: 'SCMP_CMP_EQ' };

function profileOf({ whole, more, entry, argument, without }: Row): object {
  const less = (fields: object): object =>
    Object.fromEntries(Object.entries(fields).filter(([key]) => key !== without));
  const args = argument === undefined ? {} : { args: [less({ ...ARGUMENT, ...argument })] };
  const syscalls = [less({ ...ENTRY, ...args, ...entry })];
  return whole ?? { defaultAction: 'SCMP_ACT_ALLOW', syscalls, ...more };
}

const ROWS = yamlTable('test/model/seccomp-profiles.yaml') as Readonly<
  Record<'taken' | 'refused' | 'stricter', readonly Row[]>
>;
const read = (rows: readonly Row[]): readonly (readonly [string, object, string])[] =>
  rows.map((row) => [row.title, profileOf(row), row.said ?? '']);

export const TAKEN = read(ROWS.taken);
export const REFUSED = read(ROWS.refused);
/** What this engine takes, but not every other, or takes for something else than it says. */
export const STRICTER = read(ROWS.stricter);
