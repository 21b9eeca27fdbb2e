import { createHash } from 'node:crypto';
import { err, ok, type Result } from '../lib/errors.ts';
import { byCodeUnit } from '../lib/text.ts';
import { type Platform, platformName } from '../model/image.ts';
import type {
  DownloadedFile,
  OsRelease,
  Package,
  PackageLocation,
  Supplier,
  UnreadablePackages,
} from '../model/packages.ts';
import { type Digest, digestHex } from '../model/reference.ts';
import { imagePurl } from './identity.ts';
import { ExtractedLicenses, type License, readLicense } from './licenses.ts';

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
interface Program {
  readonly path: string;
  readonly layer: Digest;
}

/** Programs that a document names: those of an image without packages. */
function listedPrograms({ packages, programs = [] }: SbomInput): readonly Program[] {
  return packages.length === 0 ? programs.slice(0, MOST_PROGRAMS) : [];
}

const MOST_DOWNLOADS = 10_000;

/** Downloads that a document names, at most 10,000. */
function listedDownloads({ downloads = [] }: SbomInput): readonly DownloadedFile[] {
  return downloads.slice(0, MOST_DOWNLOADS);
}

/** A package with every place in the image. */
interface ListedPackage {
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

type LicenseChoice =
  | { readonly license: { readonly id: string } | { readonly name: string } }
  | { readonly expression: string };

/** A component, the fields that we write (CycloneDX 1.6, `components`). */
interface CyclonedxComponent {
  readonly type: 'library' | 'operating-system' | 'container' | 'application' | 'file';
  readonly 'bom-ref'?: string;
  readonly group?: string;
  readonly name: string;
  readonly version?: string;
  readonly description?: string;
  /** `organizationalEntity`, which may also name a person. */
  readonly supplier?: ReturnType<typeof entityOf>;
  readonly authors?: readonly ReturnType<typeof contactOf>[];
  readonly hashes?: readonly { readonly alg: 'SHA-256'; readonly content: string }[];
  readonly licenses?: readonly LicenseChoice[];
  readonly purl?: string;
  readonly externalReferences?: readonly { readonly type: 'distribution'; readonly url: string }[];
  readonly properties?: readonly { readonly name: string; readonly value: string }[];
}

/**
 * The image's SBOM as CycloneDX 1.6 JSON: the image as `metadata.component`, its operating system
 * and its packages as components. Written directly: the document is small enough to be exact
 * without a library, whose models would cost start-up. Throws where `created` is not an RFC 3339
 * time.
 */
export function cyclonedxDocument(input: SbomInput) {
  const created = utcSeconds(input.created);
  if (!created.ok) throw new RangeError(created.error);
  const image = imageComponent(input);
  const imageRef = image['bom-ref'] ?? '';
  const isIncomplete = (input.unreadable ?? []).length > 0;
  const components = [
    ...(input.osRelease === undefined ? [] : [osComponent(input.osRelease)]),
    ...listedPackages(input.packages).map(packageComponent),
    ...listedPrograms(input).map(programComponent),
    ...listedDownloads(input).map(downloadComponent),
  ];
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${documentUuid(input, 'cyclonedx')}`,
    version: 1,
    metadata: {
      timestamp: created.value,
      lifecycles: [{ phase: 'post-build' }],
      tools: {
        components: [{ type: 'application', name: 'scoville', version: input.toolVersion }],
      },
      component: image,
      ...(image.supplier === undefined ? {} : { supplier: image.supplier }),
    },
    components,
    dependencies: [
      {
        ref: imageRef,
        dependsOn: components.map((component) => component['bom-ref'] ?? ''),
      },
    ],
    ...(isIncomplete
      ? { compositions: [{ aggregate: 'incomplete', assemblies: [imageRef] }] }
      : {}),
  };
}

function imageComponent({ image, unreadable = [] }: SbomInput): CyclonedxComponent {
  const purl = imagePurl({
    name: image.name,
    digest: image.digest,
    architecture: image.platform.architecture,
  });
  return {
    type: 'container',
    'bom-ref': purl,
    name: image.name,
    version: image.digest,
    ...(image.vendor === undefined ? {} : { supplier: { name: image.vendor } }),
    hashes: [{ alg: 'SHA-256', content: digestHex(image.digest) }],
    purl,
    properties: [
      { name: 'scoville:platform', value: platformName(image.platform) },
      ...unreadable.flatMap(({ location, reason }, index) => [
        { name: `scoville:unreadable:${index}:path`, value: location.path },
        { name: `scoville:unreadable:${index}:layer`, value: location.layer },
        { name: `scoville:unreadable:${index}:reason`, value: reason },
      ]),
    ],
  };
}

function osComponent(os: OsRelease): CyclonedxComponent {
  return {
    type: 'operating-system',
    'bom-ref': `os:${os.id}@${os.versionId ?? ''}`,
    name: os.id,
    ...(os.versionId === undefined ? {} : { version: os.versionId }),
    ...(os.prettyName === undefined ? {} : { description: os.prettyName }),
  };
}

function programComponent({ path, layer }: Program): CyclonedxComponent {
  return {
    type: 'file',
    'bom-ref': `file:/${path}`,
    name: `/${path}`,
    properties: [{ name: 'scoville:layer', value: layer }],
  };
}

function downloadComponent(found: DownloadedFile): CyclonedxComponent {
  const { name, version, address, digest, path, layer, purl } = found;
  return {
    type: 'file',
    'bom-ref': `download:/${path}`,
    name,
    ...(version === undefined ? {} : { version }),
    hashes: [{ alg: 'SHA-256', content: digestHex(digest) }],
    purl,
    externalReferences: [{ type: 'distribution', url: address }],
    properties: [
      { name: 'scoville:path', value: `/${path}` },
      { name: 'scoville:layer', value: layer },
    ],
  };
}

/** Maven's group has a field of its own. */
function nameOf({ type, name }: Package): Pick<CyclonedxComponent, 'group' | 'name'> {
  const colon = type === 'maven' ? name.indexOf(':') : -1;
  return colon < 0 ? { name } : { group: name.slice(0, colon), name: name.slice(colon + 1) };
}

function packageComponent(listed: ListedPackage): CyclonedxComponent {
  const { package: found, ref, licenses, locations } = listed;
  const source = found.source;
  return {
    type: 'library',
    'bom-ref': ref,
    ...nameOf(found),
    ...(found.version === '' ? {} : { version: found.version }),
    ...(found.supplier === undefined ? {} : { supplier: entityOf(found.supplier) }),
    ...(found.originator === undefined ? {} : { authors: [contactOf(found.originator)] }),
    ...(licenses.length === 0 ? {} : { licenses: licenseChoices(licenses.map(readLicense)) }),
    ...(isPurl(found.purl) ? { purl: found.purl } : {}),
    properties: [
      { name: 'scoville:package:type', value: found.type },
      ...(source === undefined
        ? []
        : [{ name: 'scoville:package:source', value: `${source.name}@${source.version}` }]),
      ...(found.modularity === undefined
        ? []
        : [{ name: 'scoville:package:modularity', value: found.modularity }]),
      ...locations.flatMap((location, index) => [
        { name: `scoville:location:${index}:path`, value: location.path },
        ...(location.inside === undefined
          ? []
          : [{ name: `scoville:location:${index}:inside`, value: location.inside }]),
        { name: `scoville:location:${index}:layer`, value: location.layer },
      ]),
    ],
  };
}

function entityOf({ name, email }: Supplier): {
  readonly name: string;
  readonly contact?: readonly { readonly email: string }[];
} {
  return { name, ...(email === undefined ? {} : { contact: [{ email }] }) };
}

function contactOf({ name, email }: Supplier): {
  readonly name: string;
  readonly email?: string;
} {
  return { name, ...(email === undefined ? {} : { email }) };
}

// A list of ids and names, or one expression alone (CycloneDX 1.6, `licenseChoice`): with more than
// one, an expression becomes a name.
function licenseChoices(licenses: readonly License[]): LicenseChoice[] {
  const [only] = licenses;
  if (licenses.length === 1 && only?.kind === 'expression')
    return [{ expression: only.expression }];
  return licenses.map((license) => {
    if (license.kind === 'id') return { license: { id: license.id } };
    return {
      license: { name: license.kind === 'name' ? license.name : license.expression },
    };
  });
}

/** A package, the fields that we write (SPDX 2.3, clause 7). */
interface SpdxPackage {
  readonly SPDXID: string;
  readonly name: string;
  readonly versionInfo?: string;
  readonly primaryPackagePurpose?: 'CONTAINER' | 'OPERATING_SYSTEM' | 'LIBRARY' | 'FILE';
  readonly supplier: string;
  readonly originator?: string;
  readonly downloadLocation: string;
  readonly filesAnalyzed: false;
  readonly licenseConcluded: 'NOASSERTION';
  readonly licenseDeclared: string;
  readonly copyrightText: 'NOASSERTION';
  readonly summary?: string;
  readonly comment?: string;
  readonly sourceInfo?: string;
  readonly checksums?: readonly { readonly algorithm: 'SHA256'; readonly checksumValue: string }[];
  readonly externalRefs?: readonly {
    readonly referenceCategory: 'PACKAGE-MANAGER';
    readonly referenceType: 'purl';
    readonly referenceLocator: string;
  }[];
}

const NOTHING_ASSERTED = {
  supplier: 'NOASSERTION',
  downloadLocation: 'NOASSERTION',
  filesAnalyzed: false,
  licenseConcluded: 'NOASSERTION',
  copyrightText: 'NOASSERTION',
} as const;
const IMAGE_ID = 'SPDXRef-Image';

/**
 * The image's SBOM as SPDX 2.3 JSON: the document describes the image, the image contains its
 * operating system and its packages. Throws where `created` is not an RFC 3339 time.
 */
export function spdxDocument(input: SbomInput) {
  const created = utcSeconds(input.created);
  if (!created.ok) throw new RangeError(created.error);
  const licenses = new ExtractedLicenses();
  const contents = [
    ...(input.osRelease === undefined ? [] : [osPackage(input.osRelease)]),
    ...listedPackages(input.packages).map((listed) => contentPackage(listed, licenses)),
    ...listedPrograms(input).map(programPackage),
    ...listedDownloads(input).map(downloadPackage),
  ];
  const extracted = licenses.list();
  return {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name: input.image.name,
    documentNamespace: `https://spdx.org/spdxdocs/scoville-${digestHex(input.image.digest)}-${documentUuid(input, 'spdx')}`,
    creationInfo: { created: created.value, creators: [`Tool: scoville-${input.toolVersion}`] },
    packages: [imagePackage(input), ...contents],
    relationships: [
      {
        spdxElementId: 'SPDXRef-DOCUMENT',
        relationshipType: 'DESCRIBES',
        relatedSpdxElement: IMAGE_ID,
      },
      ...contents.map(({ SPDXID }) => ({
        spdxElementId: IMAGE_ID,
        relationshipType: 'CONTAINS',
        relatedSpdxElement: SPDXID,
      })),
    ],
    ...(extracted.length === 0 ? {} : { hasExtractedLicensingInfos: extracted }),
  };
}

function imagePackage({ image, unreadable = [] }: SbomInput): SpdxPackage {
  const purl = imagePurl({
    name: image.name,
    digest: image.digest,
    architecture: image.platform.architecture,
  });
  return {
    SPDXID: IMAGE_ID,
    name: image.name,
    versionInfo: image.digest,
    primaryPackagePurpose: 'CONTAINER',
    ...NOTHING_ASSERTED,
    ...(image.vendor === undefined ? {} : { supplier: vendorOf(image.vendor) }),
    licenseDeclared: 'NOASSERTION',
    ...(unreadable.length === 0 ? {} : { comment: incompleteness(unreadable) }),
    checksums: [{ algorithm: 'SHA256', checksumValue: digestHex(image.digest) }],
    externalRefs: [purlReference(purl)],
  };
}

/** As a package of purpose FILE: an SPDX file needs a SHA-1, which is not taken of programs. */
function programPackage({ path, layer }: Program): SpdxPackage {
  return {
    SPDXID: elementId('File', path, `/${path}`),
    name: `/${path}`,
    primaryPackagePurpose: 'FILE',
    ...NOTHING_ASSERTED,
    licenseDeclared: 'NOASSERTION',
    sourceInfo: `layer ${layer}`,
  };
}

function downloadPackage(found: DownloadedFile): SpdxPackage {
  const { name, version, address, digest, path, layer, purl } = found;
  return {
    SPDXID: elementId('Download', name, `${digest} /${path}`),
    name,
    ...(version === undefined ? {} : { versionInfo: version }),
    primaryPackagePurpose: 'FILE',
    ...NOTHING_ASSERTED,
    downloadLocation: address,
    licenseDeclared: 'NOASSERTION',
    checksums: [{ algorithm: 'SHA256', checksumValue: digestHex(digest) }],
    sourceInfo: `/${path} (layer ${layer})`,
    externalRefs: [purlReference(purl)],
  };
}

/** SPDX 2.3 has no field that says so. */
function incompleteness(unreadable: NonNullable<SbomInput['unreadable']>): string {
  const files = unreadable.map(
    ({ location, reason }) => `${location.path} (layer ${location.layer}): ${reason}`,
  );
  return `Packages may be missing, since not all records of them could be read: ${files.join('; ')}`;
}

function osPackage(os: OsRelease): SpdxPackage {
  return {
    SPDXID: elementId('OperatingSystem', os.id, `${os.id}@${os.versionId ?? ''}`),
    name: os.id,
    ...(os.versionId === undefined ? {} : { versionInfo: os.versionId }),
    primaryPackagePurpose: 'OPERATING_SYSTEM',
    ...NOTHING_ASSERTED,
    licenseDeclared: 'NOASSERTION',
    ...(os.prettyName === undefined ? {} : { summary: os.prettyName }),
  };
}

function contentPackage(listed: ListedPackage, licenses: ExtractedLicenses): SpdxPackage {
  const { package: found, locations } = listed;
  const source =
    found.source === undefined
      ? []
      : [`built from source ${found.source.name} ${found.source.version}`];
  const places = locations
    .map(
      ({ path, inside, layer }) =>
        `${path}${inside === undefined ? '' : `!/${inside}`} (layer ${layer})`,
    )
    .sort(byCodeUnit);
  return {
    SPDXID: elementId(`Package-${found.type}`, found.name, listed.ref),
    name: found.name,
    ...(found.version === '' ? {} : { versionInfo: found.version }),
    primaryPackagePurpose: 'LIBRARY',
    ...NOTHING_ASSERTED,
    ...(found.supplier === undefined ? {} : { supplier: partyOf(found.supplier) }),
    ...(found.originator === undefined ? {} : { originator: partyOf(found.originator) }),
    licenseDeclared: licenses.declared(listed.licenses),
    sourceInfo: [`recorded in ${places.join(', ')}`, ...source].join('; '),
    ...(isPurl(found.purl) ? { externalRefs: [purlReference(found.purl)] } : {}),
  };
}

/** What an annotation says; parentheses are for an address. */
function vendorOf(text: string): string {
  const name = text.replaceAll(/[()\u0000-\u001f\u007f]/g, ' ').trim();
  return name === '' ? 'NOASSERTION' : partyOf({ kind: 'organization', name });
}

/** SPDX 2.3, 7.5 and 7.6. */
function partyOf({ kind, name, email }: Supplier): string {
  const label = kind === 'person' ? 'Person' : 'Organization';
  return `${label}: ${name}${email === undefined ? '' : ` (${email})`}`;
}

function purlReference(referenceLocator: string) {
  return { referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator } as const;
}

// Letters, digits, `.` and `-` only (clause 7.2); the hash keeps ids apart that would be written
// alike.
function elementId(kind: string, name: string, unique: string): string {
  const readable = name.replace(/[^A-Za-z0-9.-]+/g, '-').slice(0, 64);
  const hash = createHash('sha256').update(unique).digest('hex').slice(0, 16);
  return `SPDXRef-${kind}-${readable}-${hash}`;
}
