import type { Fetch, Fetches } from './fetches.ts';
import { decoded } from './purl.ts';

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
export interface FetchedFile {
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
