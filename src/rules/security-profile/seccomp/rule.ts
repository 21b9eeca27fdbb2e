/** Comparisons of libseccomp (seccomp_rule_add(3)), without `SCMP_CMP_`. */
export type Operator = 'NE' | 'LT' | 'LE' | 'EQ' | 'GE' | 'GT' | 'MASKED_EQ';

/** One argument of a call compared with a value, at most 32 bits wide. */
export interface Condition {
  readonly index: number;
  readonly op: Operator;
  readonly value: number;
  /** For MASKED_EQ: the bits that are compared. */
  readonly mask: number;
}

/** Kernel version and major revision, as `4.8`. */
export type Kernel = readonly [number, number];

/** Where a rule is in force; an empty list sets no condition (moby/profiles, seccomp_linux.go). */
export interface Scope {
  /** The engine's machine, by libseccomp's short names: one of these. */
  readonly arches?: readonly string[];
  readonly notArches?: readonly string[];
  /** Capabilities of the container: all of these. */
  readonly caps?: readonly string[];
  /** None of these. */
  readonly notCaps?: readonly string[];
  readonly minKernel?: Kernel;
  /** In force below it. */
  readonly belowKernel?: Kernel;
}

/** A rule as the engine hands it to libseccomp; all conditions must be met. */
export interface Rule extends Scope {
  readonly names: readonly string[];
  /** The call may go through: it is allowed, logged, or left to another program. */
  readonly permits: boolean;
  readonly conditions: readonly Condition[];
}

/** What an engine knows of a container when it makes its filter. */
export interface ContainerContext {
  readonly arch: string;
  readonly kernel: Kernel;
  readonly caps: ReadonlySet<string>;
}

export function isInForce(rule: Scope, { arch, kernel, caps }: ContainerContext): boolean {
  const { arches = [], notArches = [], notCaps = [], minKernel, belowKernel } = rule;
  return (
    (arches.length === 0 || arches.includes(arch)) &&
    !notArches.includes(arch) &&
    (rule.caps ?? []).every((cap) => caps.has(cap)) &&
    !notCaps.some((cap) => caps.has(cap)) &&
    (minKernel === undefined || !isBelow(kernel, minKernel)) &&
    (belowKernel === undefined || isBelow(kernel, belowKernel))
  );
}

function isBelow(a: Kernel, b: Kernel): boolean {
  return a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]);
}
