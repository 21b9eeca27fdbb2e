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
  /** One that is met more rarely: pecl, cpanm, luarocks, opkg, R and the like. */
  | 'other';

/** One command of a Dockerfile that installs packages. */
export interface PackageInstall {
  readonly manager: PackageManager;
  /** What it names; empty where a lock file or a requirements file drives it. */
  readonly packages: readonly InstalledName[];
  /** The command takes every version from a lock file, strictly (`npm ci`, `--frozen-lockfile`). */
  readonly lockFile: boolean;
  /** An entry of the lock file without a sum or commit, with the address where it comes from. */
  readonly looseLock?: { readonly reason: string; readonly address?: string };
  /** The repository it reads from is frozen at a date or commit (snapshot.debian.org and kin). */
  readonly frozenRepository: boolean;
  /** A requirements file that drives it and is not in the Dockerfile (`-r requirements.txt`). */
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
  /** Why the check says little, if so: the checksum comes from the same origin as the file. */
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
  /** A check that is there but cannot stop the build (`|| true`, `;` without `set -e`). */
  readonly ineffectiveCheck?: DownloadCheck & { readonly reason: string };
  /** Why nobody can tell from here whether something verifies it. */
  readonly open?: string;
  /** Index of the stage. */
  readonly stage: number;
  readonly range: SourceRange;
  /** The command as written, on one line. */
  readonly command: string;
}

/** A line, or a command in it, that may install and download what is not seen. */
export interface UnreadLine {
  readonly range: SourceRange;
  readonly reason: string;
  /** The program that was not read, where the line itself was. */
  readonly program?: string;
  readonly command?: string;
  /** What would decide it. */
  readonly settle?: string;
  /** It runs source from verified downloads only: nobody read its steps, but they cannot change. */
  readonly held?: true;
}

/** What a build ran and fetched, as its engine recorded it. */
export interface RecordedSteps {
  /** The words of each command, its shell first. */
  readonly commands: readonly (readonly string[])[];
  /** Something was fetched instead of a FROM, where BuildKit has a base image's ONBUILD steps. */
  readonly fetchesInFrom: boolean;
}

/** What the stages that the target reaches install and download, read from the Dockerfile. */
export interface BuildAnalysis {
  readonly installs: readonly PackageInstall[];
  readonly downloads: readonly Download[];
  /** Lines with unknown installs and downloads: shell that does not parse, programs nobody read. */
  readonly unread: readonly UnreadLine[];
  /** Why not all steps of the build are known, where that is so. */
  readonly partial?: string;
}

/** One network answer that a build used. Secrets in addresses are masked before it is created. */
export interface Fetch {
  readonly address: string;
  /** Absent: GET. */
  readonly method?: string;
  /** Digest of what else decides the answer: body, range, accepted types. Absent without these. */
  readonly request?: Digest;
  /** Absent: 200. */
  readonly status?: number;
  /** Those that a program goes by, in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Of the body as it was sent, compressed where it was. */
  readonly digest: Digest;
  /** In bytes. */
  readonly size: number;
}

/** In bytes, of all that one build fetched. */
export const MOST_FETCHED_BYTES = 32 * 1024 ** 3;

/** What each stage's RUNs fetched, by stage name or `stage-N`, in the order they asked for it. */
export type Fetches = ReadonlyMap<string, readonly Fetch[]>;

/** By stage, in words with their line, what RUNs may have had of a network past the recording. */
export type Incomplete = ReadonlyMap<string, readonly string[]>;

/** What RUNs fetched, and where it is not known to be all. */
export interface Recording {
  readonly fetches: Fetches;
  readonly incomplete: Incomplete;
}

/** By lock file, what builds that are made together recorded, and the Dockerfile that it is of. */
export type SharedRecordings = Map<
  string,
  { readonly dockerfile: string | undefined; readonly recording: Recording }
>;

/** A request as a person reads it. */
export function requestText({
  method = 'GET',
  address,
}: Pick<Fetch, 'method' | 'address'>): string {
  return `${method} ${address}`;
}

/** What an address says that it gives. */
export interface FetchedPackage {
  /** Type of a package URL: `npm`, `deb`; `generic` for a file of no known registry. */
  readonly type: string;
  /** With its namespace: `@scope/name`. */
  readonly name: string;
  /** Undefined where the address does not say it plainly. */
  readonly version: string | undefined;
}

/** A form of address, and what its groups `name` and `version` are of. */
interface Form {
  readonly type: string;
  readonly pattern: RegExp;
  /** The name as its ecosystem writes it; the group's text where absent. */
  readonly name?: (text: string) => string;
}

/** By path, decoded, without the query; the first that fits. */
const FORMS: readonly Form[] = [
  {
    type: 'npm',
    pattern: /(?:^|\/)(?<name>(?:@[^/]+\/)?(?<bare>[^/@]+))\/-\/\k<bare>-(?<version>\d[^/]*)\.tgz$/,
  },
  {
    type: 'golang',
    pattern: /\/(?<name>[^/@][^./@]*\.[^/@]+(?:\/[^/@]+)*)\/@v\/(?<version>v[^/]+)\.zip$/,
    // Capitals are written `!c` (Go's module reference, "GOPROXY protocol").
    name: (text) => text.replaceAll(/!([a-z])/g, (_, letter: string) => letter.toUpperCase()),
  },
  { type: 'cargo', pattern: /\/(?<name>[A-Za-z][\w-]*)\/(?<version>\d[^/]*)\/download$/ },
  { type: 'cargo', pattern: /\/(?<name>[A-Za-z][\w-]*?)-(?<version>\d[^/]*)\.crate$/ },
  // RubyGems: a platform may be behind the version.
  {
    type: 'gem',
    pattern: /\/gems\/(?<name>[^/]+?)-(?<version>\d[\w.]*)(?:-[^/]+)?\.gem$/,
  },
  {
    type: 'pypi',
    pattern: /\/(?<name>[^/-]+)-(?<version>\d[^/-]*)(?:-\d[^/-]*)?-[^/-]+-[^/-]+-[^/-]+\.whl$/,
    name: (text) => text.toLowerCase().replaceAll(/[-_.]+/g, '-'),
  },
  {
    type: 'pypi',
    pattern: /\/packages\/(?:[^/]+\/)+(?<name>[^/]+?)-(?<version>\d[^/-]*)\.(?:tar\.gz|zip)$/,
    name: (text) => text.toLowerCase().replaceAll(/[-_.]+/g, '-'),
  },
  { type: 'deb', pattern: /\/(?<name>[a-z0-9][a-z0-9+.-]*)_(?<version>[^/_]+)_[^/_]+\.deb$/ },
  { type: 'rpm', pattern: /\/(?<name>[^/]+)-(?<version>[^/-]+-[^/-]+)\.[^/.-]+\.rpm$/ },
  { type: 'apk', pattern: /\/(?<name>[^/]+)-(?<version>\d[^/-]*-r\d+)\.apk$/ },
  {
    type: 'maven',
    pattern:
      /\/(?:maven2|maven|m2|repository\/[^/]+)\/(?<name>(?:[^/]+\/)+(?<artifact>[^/]+))\/(?<version>[^/]+)\/\k<artifact>-\k<version>(?:-[^/]+)?\.(?:jar|war|aar)$/,
    name: (text) => {
      const at = text.lastIndexOf('/');
      return `${text.slice(0, at).replaceAll('/', '.')}/${text.slice(at + 1)}`;
    },
  },
];

const RELEASE =
  /^\/(?<name>[^/]+\/[^/]+)\/(?:releases\/download\/(?<tag>[^/]+)\/|archive\/(?:refs\/tags\/)?(?<archive>[^/]+?)\.(?:tar\.gz|zip)$)/;
/** What is put behind a name and is no part of it. */
const ENDING =
  /\.(?:tar|tgz|gz|xz|bz2|zst|zip|deb|rpm|apk|jar|exe|bin|AppImage|sh|run|pem|asc|sig|sha\d{1,3})$/i;
const PLAIN_VERSION = /[-_](?<version>v?\d+(?:\.\d+)+(?:[-+.]?(?:rc|beta|alpha|b|r)\.?\d+)?)/i;

/** The package of an address by its form alone; undefined where it has no name of a file. */
export function packageOfAddress(address: string): FetchedPackage | undefined {
  const url = new URL(address);
  // As long as a path of Linux: the patterns look at each part of it again.
  const path = decoded(url.pathname.slice(0, 4096));
  for (const { type, pattern, name: nameOf } of FORMS) {
    const { name: text, version } = pattern.exec(path)?.groups ?? {};
    if (text === undefined || version === undefined) continue;
    return { type, name: nameOf?.(text) ?? text, version };
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

/** What a fetch gave, and the address that was asked for where a redirect led to it. */
interface FetchedFile {
  readonly fetch: Fetch;
  readonly stage: string;
  /** The user's address, first of its redirects; the last may be that of a store without names. */
  readonly asked: string;
}

/** Whole files that a build was given, in the order in which they were asked for. */
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
