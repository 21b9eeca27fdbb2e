import type { OsRelease } from '../model/packages.ts';
import type { RawPackage } from './layer-facts.ts';

/** Percent-encodes a part of a purl; `:` stays as it is (purl-spec, "Character encoding"). */
function encoded(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%3A', ':');
}

function qualifiers(pairs: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(pairs).filter(([, value]) => value !== undefined && value !== '');
  const text = given
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${encoded(value ?? '')}`)
    .join('&');
  return text === '' ? '' : `?${text}`;
}

function distroOf(os: OsRelease | undefined): string | undefined {
  if (os === undefined) return undefined;
  const version = os.versionId ?? os.versionCodename;
  return version === undefined ? os.id : `${os.id}-${version}`;
}

/** Source package where it differs from the package, as vulnerability databases are keyed by it. */
function upstreamOf({ name, version, source }: RawPackage): string | undefined {
  if (source === undefined || (source.name === name && source.version === version))
    return undefined;
  return source.version === version ? source.name : `${source.name}@${source.version}`;
}

function path(item: RawPackage, os: OsRelease | undefined): string {
  const { type, name } = item;
  if (type === 'deb' || type === 'apk' || type === 'rpm') {
    const vendor = os?.id ?? { deb: 'debian', apk: 'alpine', rpm: 'redhat' }[type];
    return `${encoded(vendor.toLowerCase())}/${encoded(type === 'rpm' ? name : name.toLowerCase())}`;
  }
  // PEP 503 names are one in any spelling.
  if (type === 'pypi') return encoded(name.toLowerCase().replace(/[-_.]+/g, '-'));
  return name.split('/').map(encoded).join('/');
}

/** The package URL of a package of this image (purl-spec; deb, apk and rpm carry architecture and distribution). */
export function purlOf(item: RawPackage, os: OsRelease | undefined): string {
  const ofSystem = item.type === 'deb' || item.type === 'apk' || item.type === 'rpm';
  const extra = ofSystem
    ? qualifiers({ arch: item.architecture, distro: distroOf(os), upstream: upstreamOf(item) })
    : '';
  return `pkg:${item.type}/${path(item, os)}@${encoded(item.version)}${extra}`;
}
