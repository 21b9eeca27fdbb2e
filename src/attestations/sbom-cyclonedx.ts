import { digestHex } from '../model/digest.ts';
import { platformName } from '../model/oci.ts';
import type { DownloadedFile, OsRelease, Package, Supplier } from '../model/packages.ts';
import { imagePurl } from './identity.ts';
import { readLicense, type License } from './license-expression.ts';
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
