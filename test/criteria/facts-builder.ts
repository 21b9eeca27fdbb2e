import { usedImages } from '../../src/facts/build-facts.ts';
import type { BuildAnalysis, Download, PackageInstall } from '../../src/model/build-analysis.ts';
import type {
  DockerfileModel,
  ExternalImage,
  SourceRange,
  Stage,
} from '../../src/model/dockerfile.ts';
import {
  type BuildFact,
  type DeclarationsFact,
  type Fact,
  type Facts,
  type FileFact,
  type FilesystemFact,
  type ImageFact,
  known,
  unknownFact,
  type UsedImage,
  type VulnerabilitiesFact,
  type Vulnerability,
} from '../../src/model/facts.ts';
import type { Package } from '../../src/model/packages.ts';
import { type Digest, digestOf, parseReference } from '../../src/model/reference.ts';
import type { FoundAttestation } from '../../src/model/statement.ts';

export const MANIFEST: Digest = digestOf('manifest');
export const INDEX: Digest = digestOf('index');
export const OTHER: Digest = digestOf('another image');
export const LAYER: Digest = digestOf('layer');
export const PIN = `sha256:${'a'.repeat(64)}`;
/** 2026-03-01T12:00:00Z */
export const NOW = Date.UTC(2026, 2, 1, 12);

const NOT_GATHERED = unknownFact('not gathered', 'gather it');

/** All facts unknown but those given. */
export function factsOf(given: Partial<Facts> = {}): Facts {
  return {
    image: NOT_GATHERED,
    filesystem: NOT_GATHERED,
    packages: NOT_GATHERED,
    secrets: NOT_GATHERED,
    build: NOT_GATHERED,
    attestations: NOT_GATHERED,
    vulnerabilities: NOT_GATHERED,
    reproduction: NOT_GATHERED,
    declarations: known(declared(), 'build'),
    ...given,
  };
}

export function declared(given: Partial<DeclarationsFact> = {}): DeclarationsFact {
  return {
    secrets: undefined,
    secretFiles: [],
    trustedImages: [],
    maxAgeDays: 30,
    now: NOW,
    ...given,
  };
}

export function program(path: string, given: Partial<FileFact> = {}): FileFact {
  return {
    path,
    type: 'file',
    mode: 0o755,
    uid: 0,
    gid: 0,
    size: 1000,
    layer: LAYER,
    executable: 'elf',
    ...given,
  };
}

export function link(path: string, resolved: string | undefined): FileFact {
  return {
    path,
    type: 'symlink',
    mode: 0o777,
    uid: 0,
    gid: 0,
    size: 0,
    layer: LAYER,
    ...(resolved === undefined ? {} : { resolved }),
  };
}

export function filesystem(
  executables: readonly FileFact[] = [],
  given: Partial<FilesystemFact> = {},
): Fact<FilesystemFact> {
  const value: FilesystemFact = {
    executables,
    elevated: [],
    has: () => false,
    managerFiles: [],
    passwd: undefined,
    osRelease: undefined,
    fileCount: executables.length,
    ...given,
  };
  return known(value, 'image');
}

export function pkg(
  name: string,
  version = '1.0-1',
  type: Package['type'] = 'deb',
  path = 'var/lib/dpkg/status',
): Package {
  const space = type === 'deb' ? 'debian/' : '';
  return {
    type,
    name,
    version,
    purl: `pkg:${type}/${space}${name.replace('@', '%40')}@${version}`,
    licenses: [],
    location: { path, layer: LAYER },
  };
}

export function packages(...list: readonly Package[]): Fact<readonly Package[]> {
  return known(list, 'image');
}

interface ImageGiven {
  readonly config?: ImageFact['config']['config'];
  readonly created?: string;
  readonly annotations?: Partial<ImageFact['annotations']>;
}

export function image(given: ImageGiven = {}): Fact<ImageFact> {
  const value: ImageFact = {
    platform: { os: 'linux', architecture: 'amd64' },
    manifestDigest: MANIFEST,
    indexDigest: INDEX,
    config: {
      architecture: 'amd64',
      os: 'linux',
      ...(given.created === undefined ? {} : { created: given.created }),
      ...(given.config === undefined ? {} : { config: given.config }),
      rootfs: { type: 'layers', diff_ids: [] },
    },
    manifest: {
      schemaVersion: 2,
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: OTHER, size: 1 },
      layers: [],
    },
    annotations: { index: {}, manifest: {}, labels: {}, ...given.annotations },
  };
  return known(value, 'image');
}

export function range(startLine: number, endLine = startLine): SourceRange {
  return { startLine, startColumn: 1, endLine, endColumn: 80 };
}

export function used(text: string, given: Partial<UsedImage> = {}): UsedImage {
  return {
    text,
    pinnedInDockerfile: text.includes('@'),
    pinnedByBuild: false,
    role: 'base',
    range: range(1),
    ...given,
  };
}

export function external(
  text: string,
  kind: ExternalImage['kind'] = 'from',
  line = 1,
): ExternalImage {
  const parsed = parseReference(text);
  return { kind, text, reference: parsed.ok ? parsed.value : undefined, range: range(line) };
}

/** A Dockerfile of one stage for each base; a number stands on the stage of that index. */
export function dockerfile(...bases: readonly (string | number)[]): DockerfileModel {
  const stages = bases.map((base, index): Stage => ({
    index,
    base:
      typeof base === 'number'
        ? { kind: 'stage', index: base }
        : base === 'scratch'
          ? { kind: 'scratch' }
          : { kind: 'image', image: external(base, 'from', index + 1) },
    range: range(index + 1),
    instructions: [],
    needs: [],
  }));
  return {
    escape: '\\',
    globalArgs: {},
    stages,
    target: stages.length - 1,
    reached: stages.map(({ index }) => index),
    externalImages: bases.flatMap((base, index) =>
      typeof base === 'string' && base !== 'scratch' ? [external(base, 'from', index + 1)] : [],
    ),
  };
}

/** Where a Dockerfile is given, its images are those that the build used, as in the pipeline. */
export function build(given: Partial<BuildFact> = {}): Fact<BuildFact> {
  const { dockerfile } = given;
  const value: BuildFact = {
    dockerfile: unknownFact('no Dockerfile is known'),
    images:
      dockerfile?.known === true && dockerfile.source !== 'image'
        ? known(usedImages(dockerfile.value, [], []), dockerfile.source)
        : unknownFact('no build is known'),
    ...given,
  };
  return known(value, 'build');
}

export function buildUsing(...images: readonly UsedImage[]): Fact<BuildFact> {
  return build({ images: known(images, 'build') });
}

export function buildDoing(
  given: Partial<BuildAnalysis>,
  more: Partial<BuildFact> = {},
): Fact<BuildFact> {
  const analysis: BuildAnalysis = { installs: [], downloads: [], unread: [], ...given };
  return build({ dockerfile: known(dockerfile('debian'), 'dockerfile'), analysis, ...more });
}

/** The same build as a replay that answered these addresses, each by a digest. */
export function replaying(fact: Fact<BuildFact>, ...addresses: readonly string[]): Fact<BuildFact> {
  if (!fact.known) return fact;
  const digest = `sha256:${'a'.repeat(64)}`;
  const replayed = new Map(addresses.map((address) => [address, digest]));
  return { ...fact, value: { ...fact.value, replayed } };
}

export function install(given: Partial<PackageInstall>): PackageInstall {
  return {
    manager: 'apt',
    packages: [],
    lockFile: false,
    frozenRepository: false,
    stage: 0,
    range: range(3),
    command: 'apt-get install -y',
    unresolved: false,
    ...given,
  };
}

export function download(given: Partial<Download>): Download {
  return {
    kind: 'curl',
    url: 'https://example.com/tool.tar.gz',
    pipedToShell: false,
    stage: 0,
    range: range(5),
    command: 'curl -fsSLO https://example.com/tool.tar.gz',
    ...given,
  };
}

export function attestation(
  predicateType: string,
  predicate: unknown,
  given: Partial<FoundAttestation> = {},
): FoundAttestation {
  return {
    predicateType,
    predicate,
    subjects: [MANIFEST],
    source: 'bundle-referrer',
    verification: 'verified',
    verifiedBy: 'cosign.pub',
    digest: digestOf(predicateType),
    ...given,
  };
}

export function attestations(...list: readonly FoundAttestation[]): Facts['attestations'] {
  return known({ signatures: [], attestations: list }, 'image');
}

export function scan(...vulnerabilities: readonly Vulnerability[]): Fact<VulnerabilitiesFact> {
  const value: VulnerabilitiesFact = {
    scanner: 'grype',
    scannerVersion: '0.90.0',
    databaseDate: '2026-02-28T00:00:00Z',
    vulnerabilities,
    suppressedByVex: 0,
  };
  return known(value, 'scanner');
}

export function cve(id: string, severity: Vulnerability['severity'], name = 'zlib'): Vulnerability {
  return { id, severity, package: name, version: '1.2' };
}
