/**
 * Gives a mode made under umask 022 as under 002, and the reverse. What the group cannot read was
 * made private under any umask, and stays.
 */
export function underOtherUmask(mode: number): number {
  if ((mode & 0o020) !== 0) return mode & ~0o022;
  return (mode & 0o240) === 0o240 ? mode | 0o020 : mode;
}

/** As made under 022: what the group can write was made under 002. */
export function underUsualUmask(mode: number): number {
  return (mode & 0o020) === 0 ? mode : mode & ~0o022;
}
