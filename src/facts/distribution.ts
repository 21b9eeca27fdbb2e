import { given, lookup } from '../lib/json.ts';
import { oneLine } from '../lib/text.ts';
import type { OsRelease, Package } from '../model/packages.ts';

function unquoted(value: string): string {
  const quoted = /^(["'])([^]*)\1$/.exec(value);
  return (quoted?.[2] ?? value).replace(/\\([\\"'$`])/g, '$1');
}

function clean(value: string | undefined): string | undefined {
  return value === undefined || value === '' ? undefined : oneLine(value).slice(0, 200);
}

/** Reads os-release(5); undefined where it lacks an ID, which the format then takes for `linux`. */
export function parseOsRelease(text: string): OsRelease | undefined {
  const fields = new Map<string, string>();
  for (const line of text.split('\n').slice(0, 200)) {
    const found = /^([A-Z][A-Z0-9_]*)=(.*)$/.exec(line.trim());
    if (found !== null) fields.set(found[1] ?? '', unquoted(found[2] ?? ''));
  }
  if (fields.size === 0) return undefined;
  return {
    id: clean(fields.get('ID')) ?? 'linux',
    ...given({
      versionId: clean(fields.get('VERSION_ID')),
      versionCodename: clean(fields.get('VERSION_CODENAME')),
      prettyName: clean(fields.get('PRETTY_NAME')),
    }),
  };
}

/** Day of the dates below, from endoflife.date, which names the distributor's own page for each. */
export const RELEASE_DATA_DATE = '2026-08-22';

interface Distribution {
  readonly name: string;
  /** The kind of packages that it is made of. */
  readonly packages: Package['type'];
  /** Numbers of VERSION_ID that name a release: 1 for `12`, 2 for `3.21`. */
  readonly parts: 1 | 2;
  /** Last day with security updates by release; undefined where none is announced. */
  readonly ends: ReadonlyMap<string, string | undefined>;
}

/**
 * By line: ID of os-release, name, kind of packages, numbers that name a release, and releases from
 * old to new with their ends. Debian: the ends of LTS, which is for everyone. Ubuntu, Red Hat,
 * Oracle and SUSE: those of support without a further subscription. CentOS from 9 on: those of
 * Stream. Amazon Linux goes by year: 2018.03 was the last of the first.
 */
const TABLE = `
debian | Debian | deb | 1 | 7=2018-05-31 8=2020-06-30 9=2022-07-01 10=2024-06-30 11=2026-08-31
  12=2028-06-30 13=2030-06-30
ubuntu | Ubuntu | deb | 2 | 12.04=2017-04-28 12.10=2014-05-16 13.04=2014-01-27 13.10=2014-07-17
  14.04=2019-04-02 14.10=2015-07-23 15.04=2016-02-04 15.10=2016-07-28 16.04=2021-04-02
  16.10=2017-07-20 17.04=2018-01-13 17.10=2018-07-19 18.04=2023-05-31 18.10=2019-07-18
  19.04=2020-01-23 19.10=2020-07-06 20.04=2025-05-31 20.10=2021-07-22 21.04=2022-01-20
  21.10=2022-07-14 22.04=2027-04-01 22.10=2023-07-20 23.04=2024-01-20 23.10=2024-07-12
  24.04=2029-05-31 24.10=2025-07-10 25.04=2026-01-17 25.10=2026-07-01 26.04=2031-04-30
alpine | Alpine | apk | 2 | 3.0=2016-05-01 3.1=2016-11-01 3.2=2017-05-01 3.3=2017-11-01
  3.4=2018-05-01 3.5=2018-11-01 3.6=2019-05-01 3.7=2019-11-01 3.8=2020-05-01 3.9=2020-11-01
  3.10=2021-05-01 3.11=2021-11-01 3.12=2022-05-01 3.13=2022-11-01 3.14=2023-05-01 3.15=2023-11-01
  3.16=2024-05-23 3.17=2024-11-22 3.18=2025-05-09 3.19=2025-11-01 3.20=2026-04-01 3.21=2026-11-01
  3.22=2027-05-01 3.23=2027-11-01 3.24=2028-06-01
rhel | Red Hat Enterprise Linux | rpm | 1 | 5=2017-03-31 6=2020-11-30 7=2024-06-30 8=2029-05-31
  9=2032-05-31 10=2035-05-31
centos | CentOS | rpm | 1 | 5=2017-03-31 6=2020-11-30 7=2024-06-30 8=2021-12-31 9=2027-05-31
  10=2030-05-31
rocky | Rocky Linux | rpm | 1 | 8=2029-05-31 9=2032-05-31 10=2035-05-31
almalinux | AlmaLinux | rpm | 1 | 8=2029-05-31 9=2032-05-31 10=2035-05-31
ol | Oracle Linux | rpm | 1 | 6=2021-03-31 7=2024-12-31 8=2029-07-31 9=2032-06-30 10=open
fedora | Fedora | rpm | 1 | 30=2020-05-26 31=2020-11-24 32=2021-05-25 33=2021-11-30 34=2022-06-07
  35=2022-12-13 36=2023-05-16 37=2023-12-05 38=2024-05-21 39=2024-11-26 40=2025-05-13 41=2025-12-15
  42=2026-05-27 43=2026-12-09 44=2027-06-02
amzn | Amazon Linux | rpm | 1 | 2=2026-06-30 2010=2023-12-31 2011=2023-12-31 2012=2023-12-31
  2013=2023-12-31 2014=2023-12-31 2015=2023-12-31 2016=2023-12-31 2017=2023-12-31 2018=2023-12-31
  2023=2029-06-30
sles | SUSE Linux Enterprise Server | rpm | 2 | 12.0=2016-06-30 12.1=2017-05-31 12.2=2018-03-31
  12.3=2019-06-30 12.4=2020-06-30 12.5=2024-10-31 15.0=2019-12-31 15.1=2021-01-31 15.2=2021-12-31
  15.3=2022-12-31 15.4=2023-12-31 15.5=2024-12-31 15.6=2025-12-31 15.7=2031-07-31 16.0=2027-11-30
opensuse-leap | openSUSE Leap | rpm | 2 | 15.0=2019-12-03 15.1=2021-02-02 15.2=2022-01-04
  15.3=2022-12-31 15.4=2023-12-07 15.5=2024-12-31 15.6=2026-04-30 16.0=2027-10-31
photon | Photon OS | rpm | 2 | 1.0=2022-02-28 2.0=2022-12-01 3.0=2025-10-02 4.0=2027-10-11 5.0=open
opensuse | openSUSE | rpm | 2 | 13.1=2016-02-03 13.2=2017-01-17 42.1=2017-05-17 42.2=2018-01-26
  42.3=2019-07-01
mariner | CBL-Mariner | rpm | 2 | 1.0=2023-07-31 2.0=2025-11-30
azurelinux | Azure Linux | rpm | 2 | 3.0=open
wolfi | Wolfi | apk | 1 |
chainguard | Chainguard | apk | 1 |
minimos | MinimOS | apk | 1 |
echo | Echo | deb | 1 |
opensuse-tumbleweed | openSUSE Tumbleweed | rpm | 1 |
`;

/**
 * By ID of os-release. A release below the first ended before it; one above the last is newer than
 * the data. A distribution that rolls has none.
 */
export const DISTRIBUTIONS = lookup<Distribution>(
  Object.fromEntries(
    TABLE.trim()
      .split(/\n(?! )/)
      .map((row): [string, Distribution] => {
        const [id = '', name = '', packages, parts, ends = ''] = row.split(/ \|\s*/);
        const releases = ends.split(/\s/).filter((one) => one !== '');
        const distribution: Distribution = {
          name,
          packages: packages as Package['type'],
          parts: parts === '2' ? 2 : 1,
          ends: new Map(
            releases.map((one): [string, string | undefined] => {
              const [release = '', end] = one.split('=');
              return [release, end === 'open' ? undefined : end];
            }),
          ),
        };
        return [id, distribution];
      }),
  ),
);

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
