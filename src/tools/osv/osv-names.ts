/** The ecosystem without its release: OSV exports `Debian` for all of `Debian:13`. */
export function familyOf(ecosystem: string): string {
  return ecosystem.split(':', 1)[0] ?? '';
}

/** A package by one spelling, where its ecosystem takes several for one. */
export function packageName(family: string, name: string): string {
  switch (family) {
    case 'PyPI':
      return name.toLowerCase().replace(/[-_.]+/g, '-');
    case 'NuGet':
    case 'Packagist':
      return name.toLowerCase();
    default:
      return name;
  }
}

/** A vulnerability in an answer; `modified` shows whether the known record is up to date. */
export interface OsvMatch {
  /** Which of the plan's questions. */
  readonly question: number;
  readonly id: string;
  readonly modified: string;
}

/** True for an id as databases give them; it goes into a path and into reports. */
export function isOsvId(id: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._:+?-]{0,127}$/.test(id);
}
