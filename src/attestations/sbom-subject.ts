import { createHash } from 'node:crypto';
import type { Digest } from '../model/digest.ts';
import { platformName, type Platform } from '../model/oci.ts';
import { byCodeUnit } from '../model/order.ts';
import type {
  DownloadedFile,
  OsRelease,
  Package,
  PackageLocation,
  UnreadablePackages,
} from '../model/packages.ts';
import { ok, err, type Result } from '../model/result.ts';

const MOST_PROGRAMS = 10_000;

/** What an SBOM is made of. The same input gives the same document, byte for byte. */
export interface SbomInput {
  readonly packages: readonly Package[];
  readonly osRelease: OsRelease | undefined;
  /** Programs of an image that records no packages, listed instead; paths have no leading slash. */
  readonly programs?: readonly Program[];
  /** Files that the build fetched and left as they were. */
  readonly downloads?: readonly DownloadedFile[];
  /** Records that could not be read: with any, the document says that it is incomplete. */
  readonly unreadable?: readonly UnreadablePackages[];
  readonly image: {
    /** Reference as the user tagged it. */
    readonly name: string;
    /** What the statement's subject will be: manifest or index. */
    readonly digest: Digest;
    readonly platform: Platform;
    /** Who distributes the image, where it is known. */
    readonly vendor?: string;
  };
  /** RFC 3339. */
  readonly created: string;
  readonly toolVersion: string;
}

/** A program that no package record names. */
export interface Program {
  readonly path: string;
  readonly layer: Digest;
}

/** Programs that a document names: those of an image without packages. */
export function listedPrograms({ packages, programs = [] }: SbomInput): readonly Program[] {
  return packages.length === 0 ? programs.slice(0, MOST_PROGRAMS) : [];
}

const MOST_DOWNLOADS = 10_000;

/** Downloads that a document names, at most 10,000. */
export function listedDownloads({ downloads = [] }: SbomInput): readonly DownloadedFile[] {
  return downloads.slice(0, MOST_DOWNLOADS);
}

/** A package with every place in the image. */
export interface ListedPackage {
  readonly package: Package;
  readonly licenses: readonly string[];
  readonly locations: readonly PackageLocation[];
  /** Its purl, or `type/name@version` where none is recorded. Unique in the document. */
  readonly ref: string;
}

/** One entry per purl, sorted by it; a package in ten folders is one entry with ten locations. */
export function listedPackages(packages: readonly Package[]): ListedPackage[] {
  const byRef = new Map<string, Package[]>();
  for (const found of packages) {
    const ref = isPurl(found.purl) ? found.purl : `${found.type}/${found.name}@${found.version}`;
    const group = byRef.get(ref);
    if (group === undefined) byRef.set(ref, [found]);
    else group.push(found);
  }
  return [...byRef]
    .sort(([a], [b]) => byCodeUnit(a, b))
    .flatMap(([ref, found]) => {
      const group = found.sort((a, b) => compareLocations(a.location, b.location));
      const [first] = group;
      if (first === undefined) return [];
      const licenses = new Set(group.flatMap((p) => p.licenses.map((l) => l.trim())));
      licenses.delete('');
      const sorted = [...licenses].sort(byCodeUnit);
      return [{ package: first, ref, licenses: sorted, locations: group.map((p) => p.location) }];
    });
}

/** True for text that a document may give as a package URL. */
export function isPurl(text: string): boolean {
  return /^pkg:[^\s]+$/.test(text);
}

function compareLocations(a: PackageLocation, b: PackageLocation): number {
  return (
    byCodeUnit(a.path, b.path) ||
    byCodeUnit(a.inside ?? '', b.inside ?? '') ||
    byCodeUnit(a.layer, b.layer)
  );
}

/**
 * A UUID (RFC 9562, version 5) that belongs to this document alone: image digest, platform, time,
 * and who wrote it in which format. Documents of one image in two formats have different ones.
 */
export function documentUuid(input: SbomInput, format: 'cyclonedx' | 'spdx'): string {
  const name = [
    input.image.digest,
    platformName(input.image.platform),
    input.created,
    input.toolVersion,
    format,
  ].join('\n');
  // Namespace for names that are URLs (RFC 9562, 6.6).
  const namespace = Buffer.from('6ba7b8119dad11d180b400c04fd430c8', 'hex');
  const hash = createHash('sha1').update(namespace).update(`scoville:${name}`).digest();
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = hash.toString('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20, 32),
  ].join('-');
}

/** The time in UTC to the second, as both formats take it. */
export function utcSeconds(rfc3339: string): Result<string> {
  const time = Date.parse(rfc3339);
  return Number.isNaN(time)
    ? err(`${rfc3339} is not an RFC 3339 time`)
    : ok(new Date(time).toISOString().replace(/\.\d+Z$/, 'Z'));
}
