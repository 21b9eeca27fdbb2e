import type { Package } from '../model/packages.ts';
import { looseKey, packageKey, readPurl } from './package-key.ts';
import type { ReadSbom } from './sbom-read.ts';

/** How much of what we find in the image an SBOM names. */
export interface SbomCoverage {
  /** Packages that we find in the image, each once. */
  readonly total: number;
  readonly covered: number;
  /** covered / total; 1 where the image holds no packages. */
  readonly ratio: number;
  /** Packages of the image that the SBOM does not name. */
  readonly missing: readonly Package[];
  /** Entries of the SBOM that are none of our packages: ours may be blind there, or the SBOM is of another image. */
  readonly foreign: number;
}

/** Compares an SBOM with the packages in the image: by purl where it has one (qualifiers ignored), else by name and version. */
export function sbomCoverage(sbom: ReadSbom, packages: readonly Package[]): SbomCoverage {
  const named = new Set<string>();
  for (const purl of sbom.purls) {
    const read = readPurl(purl);
    if (read !== undefined) named.add(packageKey(read));
  }
  const loose = new Set(sbom.names.map(({ name, version }) => looseKey(name, version)));
  const ours = new Map(packages.map((found) => [packageKey(nameOf(found)), found]));
  const missing: Package[] = [];
  const looseOfOurs = new Set<string>();
  for (const [key, found] of ours) {
    const { name } = nameOf(found);
    const keys = [looseKey(name, found.version), looseKey(found.name, found.version)];
    for (const one of keys) looseOfOurs.add(one);
    if (!named.has(key) && !keys.some((one) => loose.has(one))) missing.push(found);
  }
  const foreign = [...loose].filter((key) => !looseOfOurs.has(key)).length;
  const covered = ours.size - missing.length;
  return {
    total: ours.size,
    covered,
    ratio: ours.size === 0 ? 1 : covered / ours.size,
    missing,
    foreign,
  };
}

function nameOf(found: Package): {
  readonly type: string;
  readonly name: string;
  readonly version: string;
} {
  return readPurl(found.purl) ?? { type: found.type, name: found.name, version: found.version };
}
