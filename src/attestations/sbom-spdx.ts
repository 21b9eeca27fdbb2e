import { createHash } from 'node:crypto';
import { digestHex } from '../model/digest.ts';
import { byCodeUnit } from '../model/order.ts';
import type { DownloadedFile, OsRelease, Supplier } from '../model/packages.ts';
import { imagePurl } from './identity.ts';
import {
  documentUuid,
  isPurl,
  listedPackages,
  listedDownloads,
  listedPrograms,
  utcSeconds,
  type ListedPackage,
  type Program,
  type SbomInput,
} from './sbom-subject.ts';
import { ExtractedLicenses } from './spdx-licenses.ts';

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
