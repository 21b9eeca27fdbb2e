import { isObject } from './json-value.ts';

type Fields = Readonly<Record<string, unknown>>;

/** What runc knows (libcontainer/seccomp/config.go); with anything else no container starts. */
const ACTIONS = words(
  'SCMP_ACT_',
  'KILL KILL_PROCESS KILL_THREAD TRAP ERRNO TRACE ALLOW LOG NOTIFY',
);
const OPERATORS = words('SCMP_CMP_', 'NE LT LE EQ GE GT MASKED_EQ');
const MACHINES = words(
  'SCMP_ARCH_',
  'X86 X86_64 X32 ARM AARCH64 MIPS MIPS64 MIPS64N32 MIPSEL MIPSEL64 MIPSEL64N32 PPC PPC64 PPC64LE S390 S390X RISCV64 LOONGARCH64',
);
const FLAGS = words('SECCOMP_FILTER_FLAG_', 'TSYNC LOG SPEC_ALLOW WAIT_KILLABLE_RECV');
const ARGUMENT_FIELDS = ['index', 'value', 'valueTwo', 'op'];
/** The last argument of a system call, and the kernel's largest error number. */
const [LAST_ARGUMENT, MAX_ERRNO] = [5, 4095];

function words(prefix: string, names: string): ReadonlySet<string> {
  return new Set(names.split(' ').map((name) => `${prefix}${name}`));
}

/** Why Docker or runc refuses a seccomp profile of either form; undefined where they take it. */
export function seccompFlaw(profile: Fields): string | undefined {
  const { defaultAction, defaultErrnoRet, architectures, archMap, flags, syscalls } = profile;
  if (defaultAction === undefined) return 'it has no defaultAction';
  const own =
    outside('defaultAction', [defaultAction], ACTIONS) ??
    errno('defaultErrnoRet', defaultErrnoRet) ??
    outside('architectures', architectures, MACHINES) ??
    outside('flags', flags, FLAGS);
  if (own !== undefined) return own;
  if (defaultAction === 'SCMP_ACT_NOTIFY') return 'runtimes refuse SCMP_ACT_NOTIFY by default';
  if (isFilled(architectures) && isFilled(archMap)) return 'it has both architectures and archMap';
  return (
    each('archMap', archMap, ({ architecture, subArchitectures }) =>
      outside('archMap', [architecture, ...listOf(subArchitectures)], MACHINES),
    ) ?? each('syscalls', syscalls, entryFlaw)
  );
}

function entryFlaw({ name, names, action, errnoRet, args }: Fields): string | undefined {
  const all = name === undefined || name === '' ? (names ?? []) : [name, ...listOf(names)];
  if (!Array.isArray(all)) return 'names is not a list';
  const odd: unknown = all.find((one) => typeof one !== 'string' || one === '');
  if (odd !== undefined) return `an entry of syscalls names ${JSON.stringify(odd)}`;
  return (
    outside('action', [action], ACTIONS) ??
    errno('errnoRet', errnoRet) ??
    each('args', args, argumentFlaw)
  );
}

function argumentFlaw(argument: Fields): string | undefined {
  const { index = 0, value = 0, valueTwo = 0, op } = argument;
  const odd = Object.keys(argument).find((key) => !ARGUMENT_FIELDS.includes(key));
  if (odd !== undefined) return `${JSON.stringify(odd)} is not a field of args`;
  if (!isWhole(index, LAST_ARGUMENT)) return `${JSON.stringify(index)} is not an argument's index`;
  if (!isWhole(value, 2 ** 64) || !isWhole(valueTwo, 2 ** 64))
    return 'a value of args is not a number of 64 bits';
  return outside('op', [op], OPERATORS);
}

function outside(what: string, values: unknown, known: ReadonlySet<string>): string | undefined {
  if (values === undefined || values === null) return undefined;
  if (!Array.isArray(values)) return `${what} is not a list`;
  const odd: unknown = values.find((one) => typeof one !== 'string' || !known.has(one));
  return values.every((one) => typeof one === 'string' && known.has(one))
    ? undefined
    : `${what}: runtimes do not know ${odd === undefined ? 'what is missing' : JSON.stringify(odd)}`;
}

function errno(what: string, value: unknown): string | undefined {
  return value === undefined || value === null || isWhole(value, MAX_ERRNO)
    ? undefined
    : `${what} is not an error number`;
}

function each(
  what: string,
  list: unknown,
  flaw: (entry: Fields) => string | undefined,
): string | undefined {
  if (list === undefined || list === null) return undefined;
  if (!Array.isArray(list)) return `${what} is not a list`;
  for (const entry of list as readonly unknown[]) {
    const found = isObject(entry) ? flaw(entry) : `${what} is not a list of objects`;
    if (found !== undefined) return found;
  }
  return undefined;
}

function isWhole(value: unknown, most: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most;
}

function isFilled(list: unknown): boolean {
  return listOf(list).length > 0;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}
