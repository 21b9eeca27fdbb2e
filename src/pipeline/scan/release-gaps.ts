import { DISTRIBUTIONS } from '../../facts/release-ends.ts';
import { releaseSupport } from '../../facts/release-support.ts';
import { lookup } from '../../model/lookup.ts';
import { isSystemType, type OsRelease, type Package } from '../../model/packages.ts';

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
 * What the release of an image says of a scan at `now` (milliseconds since 1970): nobody reports
 * CVEs for a release past its end of support, nor for packages that are not of the distribution.
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
