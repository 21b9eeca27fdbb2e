import { isObject } from '../lib/json.ts';

/** Summary of a written profile, in the form of `--json`. */
export interface ProfileSummary {
  readonly schemaVersion: '1';
  readonly file: string;
  readonly image: string;
  readonly digest: string;
  /** `linux/amd64`. */
  readonly platform: string;
  /** Calls that the profile allows, of `ofDefault`. */
  readonly calls: number;
  readonly ofDefault: number;
  /** Rights of the default that the profile removes, as words after "it can no longer". */
  readonly gone: readonly string[];
  /** Calls that the program tried and the default refuses. */
  readonly refused: readonly string[];
  readonly exercises: readonly string[];
  readonly confinement: string;
  /** Something started a process, so the profile cannot refuse a shell. */
  readonly startsProcesses: boolean;
}

/** True for an AppArmor profile whose text says that the program never ran under it. */
export function isUnproven(appArmor: string): boolean {
  return appArmor.split('\n').some((line) => line.trimStart().startsWith('# NOT PROVEN:'));
}

export interface ProfileCheck {
  readonly file: string;
  readonly image: string;
  readonly holds: boolean;
  readonly forbidden: readonly string[];
  readonly wider: readonly string[];
  readonly madeFrom?: { readonly image: string; readonly when: string };
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Actions of runc (libcontainer/seccomp/config.go); with others no container starts. Without
 * NOTIFY, which needs a program on the node that listens.
 */
const ACTIONS = words('SCMP_ACT_', 'KILL KILL_PROCESS KILL_THREAD TRAP ERRNO TRACE ALLOW LOG');
const OPERATORS = words('SCMP_CMP_', 'NE LT LE EQ GE GT MASKED_EQ');
const MACHINES = words(
  'SCMP_ARCH_',
  'X86 X86_64 X32 ARM AARCH64 MIPS MIPS64 MIPS64N32 MIPSEL MIPSEL64 MIPSEL64N32 PPC PPC64 PPC64LE S390 S390X RISCV64 LOONGARCH64',
);
/** libseccomp refuses machines of both byte orders in one filter. */
const BIG_ENDIAN = words('SCMP_ARCH_', 'MIPS MIPS64 MIPS64N32 PPC PPC64 S390 S390X');
const ARGUMENT_FIELDS = ['index', 'value', 'valueTwo', 'op'];
/** The last argument of a system call, and the largest error number that libseccomp takes. */
const [LAST_ARGUMENT, MAX_ERRNO] = [5, 4094];

function words(prefix: string, names: string): ReadonlySet<string> {
  return new Set(names.split(' ').map((name) => `${prefix}${name}`));
}

/**
 * Why Docker or runc refuses a seccomp profile of either form; undefined for a good one. Three
 * kinds that they accept are refused too. Without `defaultAction` it filters nothing. An error
 * number above 65535 becomes another. Errors in entries for other machines show only on those.
 */
export function seccompFlaw(profile: Fields): string | undefined {
  const { defaultAction, defaultErrnoRet, architectures, archMap, flags, syscalls } = profile;
  if (defaultAction === undefined || defaultAction === null) return 'it has no defaultAction';
  const own =
    outside('defaultAction', [defaultAction], ACTIONS) ??
    errno('defaultErrnoRet', defaultErrnoRet, defaultAction) ??
    machines('architectures', architectures);
  if (own !== undefined) return own;
  if (flags !== undefined && flags !== null && !(Array.isArray(flags) && flags.length === 0))
    return 'it has flags, with which runc before 1.2 starts nothing';
  if (isFilled(architectures) && isFilled(archMap)) return 'it has both architectures and archMap';
  return (
    each('archMap', archMap, ({ architecture, subArchitectures }) =>
      // Entries for unknown machines are never used.
      typeof architecture === 'string' && MACHINES.has(architecture)
        ? machines('archMap', subArchitectures, architecture)
        : (text('architecture', architecture) ?? machines('archMap', subArchitectures)),
    ) ?? each('syscalls', syscalls, entryFlaw)
  );
}

function entryFlaw({ name, names, action, errnoRet, args }: Fields): string | undefined {
  if (!Array.isArray(names ?? [])) return 'names is not a list';
  if (isFilled(names) && (name ?? '') !== '') return 'an entry of syscalls has both name and names';
  const odd = listOf(names).find((one) => typeof one !== 'string' || one === '');
  if (odd !== undefined) return `an entry of syscalls names ${JSON.stringify(odd)}`;
  return (
    text('name', name) ??
    outside('action', [action], ACTIONS) ??
    errno('errnoRet', errnoRet, action) ??
    each('args', args, argumentFlaw)
  );
}

function argumentFlaw(argument: Fields): string | undefined {
  const { op } = argument;
  const [index, value, valueTwo] = ['index', 'value', 'valueTwo'].map((key) => argument[key] ?? 0);
  const odd = Object.keys(argument).find((key) => !ARGUMENT_FIELDS.includes(key));
  if (odd !== undefined) return `${JSON.stringify(odd)} is not a field of args`;
  if (!isWhole(index, LAST_ARGUMENT)) return `${JSON.stringify(index)} is not an argument's index`;
  if (!isWhole(value, 2 ** 64) || !isWhole(valueTwo, 2 ** 64))
    return 'a value of args is not a number of 64 bits';
  return outside('op', [op], OPERATORS);
}

function machines(what: string, values: unknown, own?: string): string | undefined {
  const flaw = outside(what, values, MACHINES);
  const all = [...(own === undefined ? [] : [own]), ...listOf(values)] as readonly string[];
  if (flaw !== undefined || new Set(all.map((one) => BIG_ENDIAN.has(one))).size < 2) return flaw;
  return `${what}: ${all.join(' and ')} differ in byte order, and no filter takes both`;
}

function text(what: string, value: unknown): string | undefined {
  return typeof (value ?? '') === 'string' ? undefined : `${what} is not a text`;
}

function outside(what: string, values: unknown, known: ReadonlySet<string>): string | undefined {
  if (values === undefined || values === null) return undefined;
  if (!Array.isArray(values)) return `${what} is not a list`;
  const odd: unknown = values.find((one) => typeof one !== 'string' || !known.has(one));
  return values.every((one) => typeof one === 'string' && known.has(one))
    ? undefined
    : `${what}: runtimes do not know ${odd === undefined ? 'what is missing' : JSON.stringify(odd)}`;
}

/** Actions other than ERRNO pass it to a tracer, or ignore it. */
function errno(what: string, value: unknown, action: unknown): string | undefined {
  const most = action === 'SCMP_ACT_ERRNO' ? MAX_ERRNO : Number.MAX_SAFE_INTEGER;
  return value === undefined || value === null || isWhole(value, most)
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
    // To Go, null is an object without fields.
    const fields = entry ?? {};
    const found = isObject(fields) ? flaw(fields) : `${what} is not a list of objects`;
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
