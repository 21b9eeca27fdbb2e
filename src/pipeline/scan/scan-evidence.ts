import type { VulnerabilitiesFact, Vulnerability } from '../../model/facts.ts';
import type { Package } from '../../model/packages.ts';
import type { ImageScan } from './image-scan.ts';
import { releaseGaps } from './release-gaps.ts';

/**
 * A scan beside our own catalog of the image: findings get the package URL and file that the
 * scanner did not give, and what could not be looked up becomes a gap. `byPackages`: the scanner
 * got the packages and did not look for itself. `now`: milliseconds since 1970, for the age of the
 * distribution's release.
 */
export function withPackages(
  scan: VulnerabilitiesFact,
  content: ImageScan['content'],
  byPackages: boolean,
  now: number,
): VulnerabilitiesFact {
  const known = new Map(content.packages.map((one) => [keyOf(one.name, one.version), one]));
  const { osRelease } = content.filesystem;
  const release = releaseGaps(scan.scanner, osRelease, content.packages, now);
  const unrecorded = content.packages.flatMap(({ name, version, unrecorded: why }) =>
    why === undefined ? [] : [`${name} ${version}: ${why}`],
  );
  // Who looks for packages by their records does not see these.
  const unseen = byPackages ? [] : unrecorded;
  const gaps = [...release.gaps, ...unseen, ...(scan.gaps ?? []), ...gapsOf(content, byPackages)];
  const seen = byPackages ? unrecorded : [];
  const notices = [...(scan.notices ?? []), ...seen, ...release.notices];
  // A program that no record names, as a Go binary without build information: to find nothing where
  // nothing is known says nothing. Who is only given packages was not even asked.
  const isBlind =
    content.packages.length === 0 &&
    scan.vulnerabilities.length === 0 &&
    (byPackages || content.filesystem.executables.length > 0);
  return {
    ...scan,
    ...(isBlind ? { notScanned: 'no package metadata' } : {}),
    vulnerabilities: scan.vulnerabilities.map((found) =>
      withPackage(found, known.get(keyOf(found.package, found.version))),
    ),
    ...(gaps.length === 0 ? {} : { gaps }),
    ...(notices.length === 0 ? {} : { notices }),
  };
}

const DAY_MS = 86_400_000;

/** A database older than the user lets it be leaves a gap: what it does not know proves nothing. */
export function withinAge(
  scan: VulnerabilitiesFact,
  mostDays: number,
  now: number,
): VulnerabilitiesFact {
  const days = Math.floor((now - Date.parse(scan.databaseDate ?? '')) / DAY_MS);
  if (Number.isNaN(days) || days <= mostDays) return scan;
  const gap = `its database is ${days} days old, and \`databaseDays\` allows ${mostDays}`;
  return { ...scan, gaps: [gap, ...(scan.gaps ?? [])] };
}

function withPackage(found: Vulnerability, one: Package | undefined): Vulnerability {
  return one === undefined ? found : { purl: one.purl, path: one.location.path, ...found };
}

function keyOf(name: string, version: string): string {
  return `${name}\0${version}`;
}

function gapsOf(
  { unreadablePackages }: ImageScan['content'],
  byPackages: boolean,
): readonly string[] {
  const gaps: string[] = [];
  const [first] = unreadablePackages;
  if (byPackages && first !== undefined)
    gaps.push(
      `${unreadablePackages.length} records of packages could not be read, ${first.location.path}: ${first.reason}`,
    );
  return gaps;
}
