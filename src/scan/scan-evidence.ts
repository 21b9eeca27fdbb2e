import { DISTRIBUTIONS, releaseSupport } from '../facts/distribution.ts';
import type { ImageContent } from '../facts/layer-files.ts';
import { lookup } from '../lib/json.ts';
import { DAY_MS } from '../lib/time.ts';
import type { VulnerabilitiesFact, Vulnerability } from '../model/facts.ts';
import { isSystemType, type OsRelease, type Package } from '../model/packages.ts';
import type { Settings } from '../model/settings.ts';
import type { RecordCache } from './osv.ts';
import type { VexDocument } from './vex-documents.ts';
import type { VexImage } from './vex.ts';

export interface ImageScan {
  readonly scanner: Settings['scanner'];
  /** Folder of an OCI layout with this image alone, if any; else its packages are looked up. */
  readonly layoutDir?: string;
  readonly content: Pick<ImageContent, 'packages' | 'filesystem' | 'unreadablePackages'>;
  readonly image: VexImage;
  readonly vex: readonly VexDocument[];
  readonly offline: boolean;
  readonly osvUrl: string;
  readonly cache: RecordCache;
  readonly databases: string;
  /** Age in days up to which a database can say that nothing is known. */
  readonly databaseDays: number;
}

/** Why a scan of an image's distribution may miss something, and what else to know about it. */
interface ReleaseGaps {
  readonly gaps: readonly string[];
  readonly notices: readonly string[];
}

const COMMON =
  'alpine amzn azurelinux chainguard debian mariner ol rhel rocky almalinux sles ubuntu wolfi';

/**
 * Distributions (ID of os-release) that a scanner's database covers, as its documentation says.
 * It says nothing of others, and finds nothing. OSV.dev is asked and answers for itself.
 */
const COVERED = lookup<ReadonlySet<string>>({
  grype: new Set(`${COMMON} centos echo minimos`.split(' ')),
  trivy: new Set(
    `${COMMON} centos echo minimos photon opensuse-leap opensuse-tumbleweed bottlerocket`.split(
      ' ',
    ),
  ),
  'docker scout': new Set(`${COMMON} photon`.split(' ')),
});

/**
 * What the release of an image means for a scan at `now` (milliseconds since 1970). Nobody reports
 * CVEs for a release past its end of support, nor for packages of others.
 */
export function releaseGaps(
  scanner: string,
  os: OsRelease | undefined,
  packages: readonly Package[],
  now: number,
): ReleaseGaps {
  const system = packages.filter(({ type }) => isSystemType(type));
  const covered = COVERED[scanner];
  if (os === undefined)
    return system.length === 0 || covered === undefined
      ? { gaps: [], notices: [] }
      : { gaps: ['the image does not say which distribution its packages are of'], notices: [] };
  const gaps: string[] = [];
  if (system.length > 0 && covered?.has(os.id) === false)
    gaps.push(`${scanner} has no data for packages of ${JSON.stringify(os.id)}`);
  const own = DISTRIBUTIONS[os.id]?.packages;
  const foreign = own === undefined ? undefined : system.find(({ type }) => type !== own);
  if (foreign !== undefined)
    gaps.push(
      `${foreign.name} is a package of the kind ${foreign.type}, and ${os.id} is made of ${own}`,
    );
  const support = releaseSupport(os, now);
  if (support.state === 'ended')
    gaps.push(`${support.text}: CVEs in it are not reported any more. Use a supported release`);
  if (support.state === 'unclear') gaps.push(support.text);
  return { gaps, notices: support.state === 'newer' ? [support.text] : [] };
}

/**
 * A scan joined with our own catalog of the image. Findings get the package URL and file that the
 * scanner did not give; what could not be looked up becomes a gap. `byPackages`: the scanner got
 * the packages and did not look for itself. `now`: milliseconds since 1970, for the age of the
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
