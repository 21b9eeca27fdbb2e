/** A call, its arguments 64 bits wide as the kernel's filter sees them. */
export interface Call {
  readonly name: string;
  readonly args: readonly bigint[];
}

/** What an engine knows when it makes a filter. */
export interface Engine {
  readonly arch: string;
  readonly kernel: string;
  readonly caps: readonly string[];
}

interface Filter {
  readonly arches?: readonly string[];
  readonly caps?: readonly string[];
  readonly minKernel?: string;
}

/** An entry of a profile's `syscalls`, as its JSON has it. */
export interface Entry {
  readonly names: readonly string[];
  readonly action: string;
  readonly args?: readonly {
    readonly index: number;
    readonly value: number;
    readonly valueTwo?: number;
    readonly op: string;
  }[];
  readonly includes?: Filter;
  readonly excludes?: Filter;
}

export interface Profile {
  readonly defaultAction: string;
  readonly syscalls: readonly Entry[];
}

/**
 * Whether a call may go through a profile, by what Docker, runc and libseccomp document: written
 * for tests alone, apart from what it tests. Where rules overlap, one that permits counts.
 */
export function mayPass(profile: Profile, engine: Engine, call: Call): boolean {
  const matching = profile.syscalls.filter(
    (entry) =>
      entry.names.includes(call.name) &&
      holds(entry.includes, entry.excludes, engine) &&
      matches(entry, call),
  );
  const actions = matching.map(({ action }) => action);
  if (actions.length === 0) actions.push(profile.defaultAction);
  return actions.some((action) => /ALLOW|LOG|TRACE|NOTIFY/.test(action));
}

function holds(includes: Filter = {}, excludes: Filter = {}, { arch, kernel, caps }: Engine) {
  const isNewer = (than: string): boolean => {
    const [a = 0, b = 0] = kernel.split('.').map(Number);
    const [c = 0, d = 0] = than.split('.').map(Number);
    return a * 1000 + b >= c * 1000 + d;
  };
  if (excludes.arches?.includes(arch) === true) return false;
  if (excludes.caps?.some((cap) => caps.includes(cap)) === true) return false;
  if (excludes.minKernel !== undefined && isNewer(excludes.minKernel)) return false;
  if ((includes.arches ?? []).length > 0 && includes.arches?.includes(arch) !== true) return false;
  if (includes.caps?.every((cap) => caps.includes(cap)) === false) return false;
  return includes.minKernel === undefined || isNewer(includes.minKernel);
}

function matches({ args = [] }: Entry, call: Call): boolean {
  if (args.length === 0) return true;
  const met = args.map(({ index, value, valueTwo = 0, op }) => {
    const [is, want] = [call.args[index] ?? 0n, BigInt(value)];
    switch (op) {
      case 'SCMP_CMP_EQ':
        return is === want;
      case 'SCMP_CMP_NE':
        return is !== want;
      case 'SCMP_CMP_LT':
        return is < want;
      case 'SCMP_CMP_LE':
        return is <= want;
      case 'SCMP_CMP_GT':
        return is > want;
      case 'SCMP_CMP_GE':
        return is >= want;
      default:
        return (is & want) === BigInt(valueTwo);
    }
  });
  // runc makes a rule of each condition where one argument has several.
  const isRepeated = new Set(args.map(({ index }) => index)).size < args.length;
  return isRepeated ? met.some(Boolean) : met.every(Boolean);
}
