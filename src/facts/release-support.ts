import type { OsRelease } from '../model/packages.ts';
import { type Distribution, DISTRIBUTIONS, RELEASE_DATA_DATE } from './release-ends.ts';

/** What is known of the support of a release. `text` names the release, and why. */
type ReleaseSupport =
  | { readonly state: 'supported' | 'rolling' | 'unlisted' }
  | { readonly state: 'ended' | 'unclear' | 'newer'; readonly text: string };

/** Debian's testing has a code name and no number. */
const CODENAMES: Readonly<Record<string, string>> = { bookworm: '12', trixie: '13', forky: '14' };

/**
 * Whether a release of a distribution still gets security updates at `now` (milliseconds since
 * 1970). `unclear`: it does not say which release it is, or one that never was. `unlisted`: we do
 * not know the distribution.
 */
export function releaseSupport(os: OsRelease, now: number): ReleaseSupport {
  const distribution = DISTRIBUTIONS[os.id];
  if (distribution === undefined) return { state: 'unlisted' };
  const { name, ends } = distribution;
  if (ends.size === 0) return { state: 'rolling' };
  const release = releaseOf(os, distribution);
  if (release === undefined)
    return { state: 'unclear', text: `the image does not say which release of ${name} it is` };
  const full = `${name} ${release}`;
  if (ends.has(release)) {
    const end = ends.get(release);
    return end === undefined || now < Date.parse(end) + 86_400_000
      ? { state: 'supported' }
      : { state: 'ended', text: `${full} has had no security updates since ${end}` };
  }
  const [first = '', last = ''] = [[...ends.keys()][0], [...ends.keys()].at(-1)];
  if (compare(release, last) > 0)
    return {
      state: 'newer',
      text: `${full} is newer than the list of releases (${RELEASE_DATA_DATE}): whether its support has ended is not checked`,
    };
  if (compare(release, first) < 0)
    return { state: 'ended', text: `${full} has had no security updates for years` };
  return { state: 'unclear', text: `${full} is not a known release` };
}

/** The release as the table writes it: `3.21` of `3.21.2`, `15.0` of `15`. */
function releaseOf(os: OsRelease, { parts }: Distribution): string | undefined {
  if (os.versionId === undefined) {
    const { id, versionCodename = '' } = os;
    return id === 'debian' && Object.hasOwn(CODENAMES, versionCodename)
      ? CODENAMES[versionCodename]
      : undefined;
  }
  const found = /^(\d{1,6})(?:\.(\d{1,6}))?(?!\d)/.exec(os.versionId);
  if (found === null) return undefined;
  const [, major = '', minor = '0'] = found;
  return parts === 1 ? major : `${major}.${minor}`;
}

function compare(a: string, b: string): number {
  const [[aMajor = 0, aMinor = 0], [bMajor = 0, bMinor = 0]] = [a, b].map((release) =>
    release.split('.').map(Number),
  ) as [number[], number[]];
  return aMajor - bMajor || aMinor - bMinor;
}
