import { ownValue } from '../../model/lookup.ts';
import type { OsRelease } from '../../model/packages.ts';

interface OsvDistribution {
  /** OSV's name of the release; several where its packages are filed under more than one. */
  readonly ecosystems: readonly string[];
  /** Which name OSV files a package under: that of its source, its own, or either. */
  readonly names: 'source' | 'either';
}

/** `3.19.1` as `3.19`. */
function branch(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}

function major(version: string): string {
  return version.split('.', 1)[0] ?? version;
}

/** Debian's releases that have a code name in os-release and no number yet (distro-info-data). */
const DEBIAN_CODENAMES: Readonly<Record<string, string>> = {
  bookworm: '12',
  trixie: '13',
  forky: '14',
  duke: '15',
  sid: 'sid',
};

/** Long-term releases of Ubuntu: April of even years; OSV wants that said. */
function ubuntuRelease(version: string): string {
  return /^\d[02468]\.04$/.test(version) ? `${version}:LTS` : version;
}

type Release = OsRelease & { readonly versionId: string };

/** OSV's ecosystems of a release (OSV schema, "Defined ecosystems"), by `ID` of os-release. */
const VERSIONED: Readonly<Record<string, (os: Release) => readonly string[]>> = {
  debian: (os) => [`Debian:${major(os.versionId)}`],
  ubuntu: (os) => [`Ubuntu:${ubuntuRelease(os.versionId)}`],
  alpine: (os) => [`Alpine:v${branch(os.versionId)}`],
  almalinux: (os) => [`AlmaLinux:${major(os.versionId)}`],
  rocky: (os) => [`Rocky Linux:${major(os.versionId)}`],
  rhel: (os) => redHat(os.versionId),
  mageia: (os) => [`Mageia:${major(os.versionId)}`],
  openEuler: ({ prettyName }) => {
    const found = /^openEuler (\d\d\.\d\d) ?\((LTS(?:-SP\d+)?)\)$/.exec(prettyName ?? '');
    return found === null ? [] : [`openEuler:${found[1]}-${found[2]}`];
  },
  'opensuse-leap': (os) => [`openSUSE:Leap ${os.versionId}`],
  azurelinux: (os) => [`Azure Linux:${major(os.versionId)}`],
  mariner: (os) => [`Azure Linux:${major(os.versionId)}`],
  alpaquita: (os) => [`Alpaquita:${os.versionId}`],
  'bellsoft-hardened-containers': (os) => [`BellSoft Hardened Containers:${os.versionId}`],
};

/** Distributions that have no releases. */
const ROLLING: Readonly<Record<string, string>> = {
  wolfi: 'Wolfi',
  chainguard: 'Chainguard',
  minimos: 'MinimOS',
  echo: 'Echo',
  'opensuse-tumbleweed': 'openSUSE:Tumbleweed',
};

/** Red Hat files by product stream (CPE without its prefix); UBI takes from these two. */
function redHat(version: string): readonly string[] {
  const releases = Number(major(version)) >= 10 ? [version] : [major(version)];
  return releases.flatMap((release) => [
    `Red Hat:enterprise_linux:${release}::baseos`,
    `Red Hat:enterprise_linux:${release}::appstream`,
  ]);
}

const BY_SOURCE = new Set(['debian', 'ubuntu', 'alpine', 'alpaquita', 'echo']);

/** Where OSV files this distribution's packages; undefined where it has none of them. */
export function osvDistribution(os: OsRelease | undefined): OsvDistribution | undefined {
  if (os === undefined) return undefined;
  const rolling = ownValue(ROLLING, os.id);
  const ecosystems = rolling === undefined ? releaseOf(os) : [rolling];
  // What os-release says ends up in a request: nothing in it but what a release may be called.
  const safe = ecosystems.filter((name) => /^[\w .:-]{1,100}$/.test(name));
  if (safe.length === 0) return undefined;
  return { ecosystems: safe, names: BY_SOURCE.has(os.id) ? 'source' : 'either' };
}

function releaseOf(os: OsRelease): readonly string[] {
  if (os.id === 'debian' && os.versionId === undefined) {
    const codename = os.versionCodename ?? '';
    const release = Object.hasOwn(DEBIAN_CODENAMES, codename) ? DEBIAN_CODENAMES[codename] : '';
    return release === '' || release === undefined ? [] : [`Debian:${release}`];
  }
  const { versionId } = os;
  const named = ownValue(VERSIONED, os.id);
  return versionId === undefined || named === undefined ? [] : named({ ...os, versionId });
}
