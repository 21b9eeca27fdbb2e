import { createHash } from 'node:crypto';
import { given } from '../lib/json.ts';
import { groupBy } from '../lib/parallel.ts';
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
import { ExtractedLicenses, readLicense } from './licenses.ts';

/** Programs, and downloads, that a document names. */
const MOST_FILES = 10_000;

/** What an SBOM is made of. The same input gives the same document, byte for byte. */
export interface SbomInput {
  readonly packages: readonly Package[];
  readonly osRelease: OsRelease | undefined;
  /** Programs of an image that records no packages, listed instead; paths have no leading slash. */
  readonly programs?: readonly Program[];
  readonly downloads?: readonly DownloadedFile[];
  /** Records that could not be read: with any, the document says that it is incomplete. */
  readonly unreadable?: readonly UnreadablePackages[];
  readonly image: {
    readonly name: string;
    readonly digest: Digest;
    readonly platform: Platform;
    readonly vendor?: string;
  };
  /** RFC 3339. */
  readonly created: string;
  readonly toolVersion: string;
}

interface Program {
  readonly path: string;
  readonly layer: Digest;
}

/** The image or something that it contains, as both formats are written from. */
interface Element {
  readonly type: 'container' | 'operating-system' | 'library' | 'file';
  readonly ref: string;
  /** Of SPDX: letters, digits, `.` and `-` only (clause 7.2). */
  readonly id: string;
  readonly name: string;
  readonly version?: string;
  readonly description?: string;
  readonly supplier?: Supplier;
  readonly originator?: Supplier;
  readonly digest?: Digest;
  readonly licenses?: readonly string[];
  readonly purl?: string;
  readonly address?: string;
  readonly properties?: Readonly<Record<string, string>>;
  /** What SPDX has no fields for. */
  readonly sourceInfo?: string;
  readonly comment?: string;
}

function elementsOf(input: SbomInput): readonly Element[] {
  const { osRelease: os, packages, programs = [], downloads = [] } = input;
  return [
    ...(os === undefined ? [] : [osElement(os)]),
    ...listedPackages(packages).map(packageElement),
    ...(packages.length === 0 ? programs.slice(0, MOST_FILES).map(programElement) : []),
    ...downloads.slice(0, MOST_FILES).map(downloadElement),
  ];
}

function imageElement({ image, unreadable = [] }: SbomInput): Element {
  const { name, digest, platform, vendor } = image;
  const purl = imagePurl({ name, digest, architecture: platform.architecture });
  const files = unreadable.map(
    ({ location, reason }) => `${location.path} (layer ${location.layer}): ${reason}`,
  );
  return {
    type: 'container',
    ref: purl,
    id: 'SPDXRef-Image',
    name,
    version: digest,
    digest,
    purl,
    ...given({
      supplier: vendor === undefined ? undefined : { kind: 'organization', name: vendor },
      comment:
        files.length === 0
          ? undefined
          : `Packages may be missing, since not all records of them could be read: ${files.join('; ')}`,
    } as const),
    properties: {
      'scoville:platform': platformName(platform),
      ...numbered(
        'unreadable',
        unreadable.map(({ location: { path, layer }, reason }) => ({ path, layer, reason })),
      ),
    },
  };
}

/** Properties of several of a kind: `scoville:NAME:0:path`. */
function numbered(
  name: string,
  rows: readonly Readonly<Record<string, string | undefined>>[],
): Readonly<Record<string, string>> {
  const entries = rows.flatMap((row, at) =>
    Object.entries(given(row)).map(([key, value]) => [`scoville:${name}:${at}:${key}`, value]),
  );
  return Object.fromEntries(entries) as Readonly<Record<string, string>>;
}

function osElement({ id: name, versionId: version, prettyName: description }: OsRelease): Element {
  const unique = `${name}@${version ?? ''}`;
  const id = elementId('OperatingSystem', name, unique);
  const more = given({ version, description });
  return { type: 'operating-system', ref: `os:${unique}`, id, name, ...more };
}

/** In SPDX a package of purpose FILE: a file needs a SHA-1, which is not taken of programs. */
function programElement({ path, layer }: Program): Element {
  return {
    type: 'file',
    ref: `file:/${path}`,
    id: elementId('File', path, `/${path}`),
    name: `/${path}`,
    properties: { 'scoville:layer': layer },
    sourceInfo: `layer ${layer}`,
  };
}

function downloadElement(found: DownloadedFile): Element {
  const { name, version, address, digest, path, layer, purl } = found;
  return {
    type: 'file',
    ref: `download:/${path}`,
    id: elementId('Download', name, `${digest} /${path}`),
    name,
    digest,
    purl,
    address,
    ...given({ version }),
    properties: { 'scoville:path': `/${path}`, 'scoville:layer': layer },
    sourceInfo: `/${path} (layer ${layer})`,
  };
}

function packageElement({ package: found, ref, licenses, locations }: ListedPackage): Element {
  const { type, name, version, supplier, originator, source, modularity, purl } = found;
  const places = locations.map(
    ({ path, inside, layer }) =>
      `${path}${inside === undefined ? '' : `!/${inside}`} (layer ${layer})`,
  );
  const built = source === undefined ? '' : `; built from source ${source.name} ${source.version}`;
  return {
    type: 'library',
    ref,
    id: elementId(`Package-${type}`, name, ref),
    name,
    licenses,
    ...given({
      version: version === '' ? undefined : version,
      supplier,
      originator,
      purl: isPurl(purl) ? purl : undefined,
    }),
    properties: given({
      'scoville:package:type': type,
      'scoville:package:source': source && `${source.name}@${source.version}`,
      'scoville:package:modularity': modularity,
      ...numbered(
        'location',
        locations.map(({ path, inside, layer }) => ({ path, inside, layer })),
      ),
    }),
    sourceInfo: `recorded in ${places.sort(byCodeUnit).join(', ')}${built}`,
  };
}

/** The hash keeps ids apart that would be written alike. */
function elementId(kind: string, name: string, unique: string): string {
  const readable = name.replace(/[^A-Za-z0-9.-]+/g, '-').slice(0, 64);
  const hash = createHash('sha256').update(unique).digest('hex').slice(0, 16);
  return `SPDXRef-${kind}-${readable}-${hash}`;
}

interface ListedPackage {
  readonly package: Package;
  readonly licenses: readonly string[];
  readonly locations: readonly PackageLocation[];
  /** Its purl, or `type/name@version` where none is recorded. Unique in the document. */
  readonly ref: string;
}

/** One entry per purl, sorted by it; a package in ten folders is one entry with ten locations. */
function listedPackages(packages: readonly Package[]): readonly ListedPackage[] {
  const byRef = groupBy(packages, ({ purl, type, name, version }) =>
    isPurl(purl) ? purl : `${type}/${name}@${version}`,
  );
  return [...byRef]
    .sort(([a], [b]) => byCodeUnit(a, b))
    .flatMap(([ref, found]) => {
      const group = found.toSorted((a, b) => compareLocations(a.location, b.location));
      const [first] = group;
      const recorded = group.flatMap((one) => one.licenses.map((license) => license.trim()));
      const licenses = [...new Set(recorded)].filter((one) => one !== '').sort(byCodeUnit);
      const locations = group.map(({ location }) => location);
      return first === undefined ? [] : [{ package: first, ref, licenses, locations }];
    });
}

function isPurl(text: string): boolean {
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
function documentUuid({ image, created, toolVersion }: SbomInput, format: string): string {
  const platform = platformName(image.platform);
  const name = [image.digest, platform, created, toolVersion, format].join('\n');
  // Namespace for names that are URLs (RFC 9562, 6.6).
  const namespace = Buffer.from('6ba7b8119dad11d180b400c04fd430c8', 'hex');
  const hash = createHash('sha1').update(namespace).update(`scoville:${name}`).digest();
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  return hash.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
}

/** The time in UTC to the second, as both formats take it. Throws where it is not RFC 3339. */
function utcSeconds(rfc3339: string): string {
  const time = Date.parse(rfc3339);
  if (Number.isNaN(time)) throw new RangeError(`${rfc3339} is not an RFC 3339 time`);
  return new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');
}

/**
 * The image's SBOM as CycloneDX 1.6 JSON: the image as `metadata.component`, its operating system
 * and its packages as components. Written directly: the document is small enough to be exact
 * without a library, whose models would cost start-up. Throws where `created` is not an RFC 3339
 * time.
 */
export function cyclonedxDocument(input: SbomInput) {
  const { created, toolVersion, unreadable = [] } = input;
  const image = cyclonedxComponent(imageElement(input));
  const components = elementsOf(input).map(cyclonedxComponent);
  const ref = image['bom-ref'];
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${documentUuid(input, 'cyclonedx')}`,
    version: 1,
    metadata: {
      timestamp: utcSeconds(created),
      lifecycles: [{ phase: 'post-build' }],
      tools: { components: [{ type: 'application', name: 'scoville', version: toolVersion }] },
      component: image,
      ...given({ supplier: image.supplier }),
    },
    components,
    dependencies: [{ ref, dependsOn: components.map((component) => component['bom-ref']) }],
    ...(unreadable.length > 0
      ? { compositions: [{ aggregate: 'incomplete', assemblies: [ref] }] }
      : {}),
  };
}

/** CycloneDX 1.6, `components`. */
function cyclonedxComponent(element: Element) {
  const { type, ref, name, version, description, digest, purl, address, properties } = element;
  const { supplier, originator, licenses = [] } = element;
  // Maven's group has a field of its own.
  const [, group, own = name] = /^(?:pkg:)?maven\//.test(ref)
    ? (/^([^:]*):(.*)$/.exec(name) ?? [])
    : [];
  return {
    type,
    'bom-ref': ref,
    ...given({
      group,
      name: own,
      version,
      description,
      supplier: supplier && {
        name: supplier.name,
        ...(supplier.email === undefined ? {} : { contact: [{ email: supplier.email }] }),
      },
      authors: originator && [{ name: originator.name, ...given({ email: originator.email }) }],
      hashes: digest && [{ alg: 'SHA-256', content: digestHex(digest) }],
      licenses: licenses.length === 0 ? undefined : licenseChoices(licenses),
      purl,
      externalReferences:
        address === undefined ? undefined : [{ type: 'distribution', url: address }],
      properties:
        properties && Object.entries(properties).map(([key, value]) => ({ name: key, value })),
    }),
    name: own,
  };
}

// A list of ids and names, or one expression alone (CycloneDX 1.6, `licenseChoice`): with more than
// one, an expression becomes a name.
function licenseChoices(recorded: readonly string[]) {
  const licenses = recorded.map(readLicense);
  const [only] = licenses;
  if (licenses.length === 1 && only?.kind === 'expression')
    return [{ expression: only.expression }];
  return licenses.map((license) => {
    if (license.kind === 'id') return { license: { id: license.id } };
    return { license: { name: license.kind === 'name' ? license.name : license.expression } };
  });
}

/**
 * The image's SBOM as SPDX 2.3 JSON: the document describes the image, the image contains its
 * operating system and its packages. Throws where `created` is not an RFC 3339 time.
 */
export function spdxDocument(input: SbomInput) {
  const { image, created, toolVersion } = input;
  const licenses = new ExtractedLicenses();
  const own = spdxPackage(imageElement(input), licenses);
  const contents = elementsOf(input).map((element) => spdxPackage(element, licenses));
  const extracted = licenses.list();
  const relationship = (spdxElementId: string, relationshipType: string, other: string) => ({
    spdxElementId,
    relationshipType,
    relatedSpdxElement: other,
  });
  return {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name: image.name,
    documentNamespace: `https://spdx.org/spdxdocs/scoville-${digestHex(image.digest)}-${documentUuid(input, 'spdx')}`,
    creationInfo: { created: utcSeconds(created), creators: [`Tool: scoville-${toolVersion}`] },
    packages: [own, ...contents],
    relationships: [
      relationship('SPDXRef-DOCUMENT', 'DESCRIBES', own.SPDXID),
      ...contents.map(({ SPDXID }) => relationship(own.SPDXID, 'CONTAINS', SPDXID)),
    ],
    ...(extracted.length === 0 ? {} : { hasExtractedLicensingInfos: extracted }),
  };
}

const PURPOSE = {
  container: 'CONTAINER',
  'operating-system': 'OPERATING_SYSTEM',
  library: 'LIBRARY',
  file: 'FILE',
} as const;

/** A package (SPDX 2.3, clause 7). */
function spdxPackage(element: Element, extracted: ExtractedLicenses) {
  const { id, name, type, version, address, licenses, digest, purl } = element;
  const { supplier, originator, description, comment, sourceInfo } = element;
  return {
    SPDXID: id,
    name,
    ...given({ versionInfo: version }),
    primaryPackagePurpose: PURPOSE[type],
    supplier: partyOf(supplier, type === 'container'),
    ...(originator === undefined ? {} : { originator: partyOf(originator) }),
    downloadLocation: address ?? 'NOASSERTION',
    filesAnalyzed: false,
    licenseConcluded: 'NOASSERTION',
    licenseDeclared: licenses === undefined ? 'NOASSERTION' : extracted.declared(licenses),
    copyrightText: 'NOASSERTION',
    ...given({
      summary: description,
      comment,
      sourceInfo,
      checksums: digest && [{ algorithm: 'SHA256', checksumValue: digestHex(digest) }],
      externalRefs:
        purl === undefined
          ? undefined
          : [
              {
                referenceCategory: 'PACKAGE-MANAGER',
                referenceType: 'purl',
                referenceLocator: purl,
              },
            ],
    }),
  };
}

/** SPDX 2.3, 7.5 and 7.6. Parentheses are for an address; an image's annotation may have others. */
function partyOf(party: Supplier | undefined, isAnnotation = false): string {
  const { kind, name = '', email } = party ?? {};
  const plain = isAnnotation ? name.replaceAll(/[()\u0000-\u001f\u007f]/g, ' ').trim() : name;
  if (plain === '') return 'NOASSERTION';
  const label = kind === 'person' ? 'Person' : 'Organization';
  return `${label}: ${plain}${email === undefined ? '' : ` (${email})`}`;
}
