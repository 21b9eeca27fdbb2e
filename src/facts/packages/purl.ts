import { isSystemType, type OsRelease, type SystemType } from '../../model/packages.ts';
import { type PurlParts, purlText } from '../../model/purl.ts';
import type { RawPackage } from '../layer-facts.ts';

function distroOf(os: OsRelease | undefined): string | undefined {
  if (os === undefined) return undefined;
  const version = os.versionId ?? os.versionCodename;
  return version === undefined ? os.id : `${os.id}-${version}`;
}

/** The source package where it has another name; of an RPM its file. Databases use it as a key. */
function upstreamOf({ type, name, version, source }: RawPackage): string | undefined {
  if (source === undefined) return undefined;
  if (type === 'rpm') return `${source.name}-${source.version}.src.rpm`;
  if (source.name === name && source.version === version) return undefined;
  return source.version === version ? source.name : `${source.name}@${source.version}`;
}

/** The packages' vendor by the name that scanners and databases use, if not that of os-release. */
function vendorOf(type: SystemType, os: OsRelease | undefined): string {
  const id = (os?.id ?? { deb: 'debian', apk: 'alpine', rpm: 'redhat' }[type]).toLowerCase();
  if (id === 'rhel') return 'redhat';
  return id.startsWith('opensuse') ? 'opensuse' : id;
}

function segments(item: RawPackage, os: OsRelease | undefined): readonly string[] {
  const { type, name } = item;
  switch (type) {
    case 'rpm':
      return [vendorOf(type, os), name];
    case 'deb':
    case 'apk':
      return [vendorOf(type, os), name.toLowerCase()];
    case 'pypi':
      // PEP 503 names are one in any spelling.
      return [name.toLowerCase().replace(/[-_.]+/g, '-')];
    case 'maven':
      return name.split(':', 2);
    case 'golang':
    case 'composer':
      return name.toLowerCase().split('/');
    case 'npm':
    case 'gem':
    case 'cargo':
    case 'nuget':
      return name.split('/');
  }
}

/** What a purl says beside name and version. */
function qualifiersOf(
  item: RawPackage,
  os: OsRelease | undefined,
): PurlParts['qualifiers'] & object {
  const { type, architecture, modularity } = item;
  if (type === 'gem') return { platform: architecture };
  if (!isSystemType(type)) return {};
  return {
    arch: architecture,
    distro: distroOf(os),
    epoch: type === 'rpm' ? /^(\d+):/.exec(item.version)?.[1] : undefined,
    rpmmod: modularity,
    upstream: upstreamOf(item),
  };
}

/**
 * The package URL of a package of this image (purl-spec; deb, apk and rpm carry architecture and
 * distribution). The epoch is part of Debian's versions and a qualifier of RPM's.
 */
export function purlOf(item: RawPackage, os: OsRelease | undefined): string {
  const version = item.type === 'rpm' ? item.version.replace(/^\d+:/, '') : item.version;
  return purlText({
    type: item.type,
    path: segments(item, os),
    version,
    qualifiers: qualifiersOf(item, os),
  });
}
