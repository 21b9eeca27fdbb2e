/** Under 002 what is made under 022, and the other way round. What the group cannot read was made private, whatever the umask. */
export function underOtherUmask(mode: number): number {
  if ((mode & 0o020) !== 0) return mode & ~0o022;
  return (mode & 0o240) === 0o240 ? mode | 0o020 : mode;
}

/** As made under 022: what the group can write was made under 002. */
export function underUsualUmask(mode: number): number {
  return (mode & 0o020) === 0 ? mode : mode & ~0o022;
}
