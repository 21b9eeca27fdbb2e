import type { SourceRange } from './dockerfile.ts';
import { decoded } from './packages.ts';
import type { Digest } from './reference.ts';

/** A package that an install command names; `pin` is the exact version, digest or commit. */
export interface InstalledName {
  readonly name: string;
  readonly pin?: string;
}

export type PackageManager =
  | 'apt'
  | 'apk'
  | 'dnf'
  | 'zypper'
  | 'pacman'
  | 'pip'
  | 'uv'
  | 'poetry'
  | 'pipenv'
  | 'conda'
  | 'npm'
  | 'yarn'
  | 'pnpm'
  | 'bun'
  | 'gem'
  | 'bundle'
  | 'go'
  | 'cargo'
  | 'composer'
  /** Rare ones: pecl, cpanm, luarocks, opkg, R and the like. */
  | 'other';

/** One command of a Dockerfile that installs packages. */
export interface PackageInstall {
  readonly manager: PackageManager;
  /** Empty where a lock file or a requirements file lists them. */
  readonly packages: readonly InstalledName[];
  /** A lock file gives every version, strictly (`npm ci`, `--frozen-lockfile`). */
  readonly lockFile: boolean;
  /** A lock file's entry without a sum or commit, with its address. */
  readonly looseLock?: { readonly reason: string; readonly address?: string };
  /** Its repository is frozen at a date or commit (snapshot.debian.org and the like). */
  readonly frozenRepository: boolean;
  /** A requirements file that is not in the Dockerfile (`-r requirements.txt`). */
  readonly requirementsFile?: string;
  /** Index of the stage. */
  readonly stage: number;
  readonly range: SourceRange;
  /** The command as written, on one line. */
  readonly command: string;
  /** A word that decides what is installed is not constant. */
  readonly unresolved: boolean;
}

export type DownloadKind =
  'curl' | 'wget' | 'add' | 'git' | 'pip-url' | 'npm-url' | 'go-url' | 'package-url' | 'other';

/** What verifies a download before it is used. */
export interface DownloadCheck {
  /** `sha256sum -c`, `gpg --verify`, `ADD --checksum`, `commit`. */
  readonly method: string;
  readonly range: SourceRange;
  /** Why the check proves little: the checksum comes from the same origin as the file. */
  readonly weak?: string;
}

export interface Download {
  readonly kind: DownloadKind;
  /** Undefined where the address is not constant. */
  readonly url: string | undefined;
  /** File or directory it is written to, where that is known. */
  readonly target?: string;
  /** Its output goes straight into an interpreter. */
  readonly pipedToShell: boolean;
  readonly verifiedBy?: DownloadCheck;
  /** A check that cannot stop the build (`|| true`, `;` without `set -e`). */
  readonly ineffectiveCheck?: DownloadCheck & { readonly reason: string };
  /** Why it is unknown whether something verifies it. */
  readonly open?: string;
  /** Index of the stage. */
  readonly stage: number;
  readonly range: SourceRange;
  /** The command as written, on one line. */
  readonly command: string;
}

/** A line or command that may install or download something we do not see. */
export interface UnreadLine {
  readonly range: SourceRange;
  readonly reason: string;
  /** The program that was not read, if the line itself was. */
  readonly program?: string;
  readonly command?: string;
  /** What would decide it. */
  readonly settle?: string;
  /** It runs only source from verified downloads: its steps are unknown, but cannot change. */
  readonly held?: true;
}

/** What a build ran and fetched, as its engine recorded it. */
export interface RecordedSteps {
  /** The words of each command, its shell first. */
  readonly commands: readonly (readonly string[])[];
  /** Something was fetched instead of a FROM, where BuildKit has a base image's ONBUILD steps. */
  readonly fetchesInFrom: boolean;
}

/** Installs and downloads of the stages that the target reaches, from the Dockerfile. */
export interface BuildAnalysis {
  readonly installs: readonly PackageInstall[];
  readonly downloads: readonly Download[];
  /** Lines with unknown installs and downloads: unparsable shell, unread programs. */
  readonly unread: readonly UnreadLine[];
  /** Why some steps of the build are unknown. */
  readonly partial?: string;
}

/** One network answer that a build used; secrets in its addresses are masked. */
export interface Fetch {
  readonly address: string;
  /** Absent: GET. */
  readonly method?: string;
  /** Digest of the rest of the request: body, range, accepted types. Absent without these. */
  readonly request?: Digest;
  /** Absent: 200. */
  readonly status?: number;
  /** Those that programs use, in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Of the body as sent, compressed if it was. */
  readonly digest: Digest;
  /** In bytes. */
  readonly size: number;
}

/** In bytes, of all that one build fetched. */
export const MOST_FETCHED_BYTES = 32 * 1024 ** 3;

/** What the RUNs of each stage fetched, by stage name or `stage-N`, in the order of requests. */
export type Fetches = ReadonlyMap<string, readonly Fetch[]>;

/** By stage: texts, with their line, about network use that was not recorded. */
export type Incomplete = ReadonlyMap<string, readonly string[]>;

/** What RUNs fetched, and where that may be incomplete. */
export interface Recording {
  readonly fetches: Fetches;
  readonly incomplete: Incomplete;
}

/** By lock file: recordings of builds that run together, and the Dockerfile of each. */
export type SharedRecordings = Map<
  string,
  { readonly dockerfile: string | undefined; readonly recording: Recording }
>;

export function requestText({
  method = 'GET',
  address,
}: Pick<Fetch, 'method' | 'address'>): string {
  return `${method} ${address}`;
}

/** The package that an address names. */
export interface FetchedPackage {
  /** Type of a package URL: `npm`, `deb`; `generic` for a file of no known registry. */
  readonly type: string;
  /** With its namespace: `@scope/name`. */
  readonly name: string;
  /** Undefined where the address does not state it plainly. */
  readonly version: string | undefined;
}

/** By row: a type of package, and a path that names one, decoded and without a query. */
const FORMS = String.raw`
npm (?:^|/)(?<name>(?:@[^/]+/)?(?<bare>[^/@]+))/-/\k<bare>-(?<version>\d[^/]*)\.tgz$
golang /(?<name>[^/@][^./@]*\.[^/@]+(?:/[^/@]+)*)/@v/(?<version>v[^/]+)\.zip$
cargo /(?<name>[A-Za-z][\w-]*)/(?<version>\d[^/]*)/download$
cargo /(?<name>[A-Za-z][\w-]*?)-(?<version>\d[^/]*)\.crate$
gem /gems/(?<name>[^/]+?)-(?<version>\d[\w.]*)(?:-[^/]+)?\.gem$
pypi /(?<name>[^/-]+)-(?<version>\d[^/-]*)(?:-\d[^/-]*)?-[^/-]+-[^/-]+-[^/-]+\.whl$
pypi /packages/(?:[^/]+/)+(?<name>[^/]+?)-(?<version>\d[^/-]*)\.(?:tar\.gz|zip)$
deb /(?<name>[a-z0-9][a-z0-9+.-]*)_(?<version>[^/_]+)_[^/_]+\.deb$
rpm /(?<name>[^/]+)-(?<version>[^/-]+-[^/-]+)\.[^/.-]+\.rpm$
apk /(?<name>[^/]+)-(?<version>\d[^/-]*-r\d+)\.apk$
maven /(?:maven2|maven|m2|repository/[^/]+)/(?<name>(?:[^/]+/)+(?<artifact>[^/]+))/(?<version>[^/]+)/\k<artifact>-\k<version>(?:-[^/]+)?\.(?:jar|war|aar)$
`
  .trim()
  .split('\n')
  .map((row) => {
    const [type = '', pattern = ''] = row.split(' ');
    return { type, pattern: new RegExp(pattern) };
  });

/** The name as its ecosystem writes it. */
function ownName(type: string, text: string): string {
  if (type === 'pypi') return text.toLowerCase().replaceAll(/[-_.]+/g, '-');
  // Capitals are written `!c` (Go's module reference, "GOPROXY protocol").
  if (type === 'golang')
    return text.replaceAll(/!([a-z])/g, (_, letter: string) => letter.toUpperCase());
  if (type !== 'maven') return text;
  const at = text.lastIndexOf('/');
  return `${text.slice(0, at).replaceAll('/', '.')}/${text.slice(at + 1)}`;
}

const RELEASE =
  /^\/(?<name>[^/]+\/[^/]+)\/(?:releases\/download\/(?<tag>[^/]+)\/|archive\/(?:refs\/tags\/)?(?<archive>[^/]+?)\.(?:tar\.gz|zip)$)/;
/** File endings that do not belong to a package's name. */
const ENDING =
  /\.(?:tar|tgz|gz|xz|bz2|zst|zip|deb|rpm|apk|jar|exe|bin|AppImage|sh|run|pem|asc|sig|sha\d{1,3})$/i;
const PLAIN_VERSION = /[-_](?<version>v?\d+(?:\.\d+)+(?:[-+.]?(?:rc|beta|alpha|b|r)\.?\d+)?)/i;

/** The package of an address, by its form alone; undefined for an address without a file name. */
export function packageOfAddress(address: string): FetchedPackage | undefined {
  const url = new URL(address);
  // The longest path in Linux. The patterns read each part several times.
  const path = decoded(url.pathname.slice(0, 4096));
  for (const { type, pattern } of FORMS) {
    const { name: text, version } = pattern.exec(path)?.groups ?? {};
    if (text === undefined || version === undefined) continue;
    return { type, name: ownName(type, text), version };
  }
  if (url.hostname === 'github.com') {
    const { name, tag, archive } = RELEASE.exec(path)?.groups ?? {};
    if (name !== undefined)
      return { type: 'github', name: name.toLowerCase(), version: tag ?? archive };
  }
  return genericOf(path);
}

function genericOf(path: string): FetchedPackage | undefined {
  // Two at most: `.tar.gz`.
  const file = (path.split('/').at(-1) ?? '').replace(ENDING, '').replace(ENDING, '');
  if (file === '') return undefined;
  const found = PLAIN_VERSION.exec(file);
  const name = found === null || found.index === 0 ? file : file.slice(0, found.index);
  return { type: 'generic', name, version: found?.groups?.['version'] };
}

/** A fetched file, with the address before redirects. */
interface FetchedFile {
  readonly fetch: Fetch;
  readonly stage: string;
  /** The user's address, before redirects; the last one may be a store without names. */
  readonly asked: string;
}

/** Whole files that a build fetched, in the order of requests. */
export function fetchedFiles(fetches: Fetches): readonly FetchedFile[] {
  const from = new Map<string, string>();
  for (const { address, headers } of [...fetches.values()].flat()) {
    const location = headers?.['location'];
    if (location !== undefined && URL.canParse(location, address))
      from.set(new URL(location, address).href, address);
  }
  const first = (address: string): string => {
    const seen = new Set<string>();
    let at = address;
    for (let next = from.get(at); next !== undefined && !seen.has(next); next = from.get(at)) {
      seen.add(next);
      at = next;
    }
    return at;
  };
  return [...fetches].flatMap(([stage, list]) =>
    list
      .filter(({ method, status }) => method === undefined && status === undefined)
      .map((fetch) => ({ fetch, stage, asked: first(fetch.address) })),
  );
}
