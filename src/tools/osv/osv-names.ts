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
