import type { Package } from '../model/packages.ts';
import { compareApk } from './apk.ts';
import { compareComposer } from './composer.ts';
import { compareDpkg } from './dpkg.ts';
import { compareGem } from './gem.ts';
import { compareMaven } from './maven.ts';
import { comparePep440 } from './pep440.ts';
import { compareRpm } from './rpm.ts';
import { compareNuget, compareSemver } from './semver.ts';

/** Below zero where `a` comes before `b`, above where after. Defined for any two texts. */
export type VersionOrder = (a: string, b: string) => number;

/** Longer than any version that a package has. */
const LONGEST = 1024;

export const VERSION_ORDERS: Readonly<Record<Package['type'], VersionOrder>> = {
  deb: bounded(compareDpkg),
  apk: bounded(compareApk),
  rpm: bounded(compareRpm),
  npm: bounded(compareSemver),
  pypi: bounded(comparePep440),
  golang: bounded(compareSemver),
  maven: bounded(compareMaven),
  gem: bounded(compareGem),
  composer: bounded(compareComposer),
  cargo: bounded(compareSemver),
  nuget: bounded(compareNuget),
};

function bounded(order: VersionOrder): VersionOrder {
  return (a, b) => order(a.slice(0, LONGEST), b.slice(0, LONGEST));
}
