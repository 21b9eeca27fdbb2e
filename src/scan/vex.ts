import { readJsonFile } from '../config/read-files.ts';
import { messageOf, UserError } from '../lib/errors.ts';
import { given } from '../lib/json.ts';
import { groupBy } from '../lib/parallel.ts';
import { isOver } from '../lib/time.ts';
import type {
  SuppressedVulnerability,
  VulnerabilitiesFact,
  Vulnerability,
} from '../model/facts.ts';
import { type Purl, readPurl } from '../model/packages.ts';
import {
  type Digest,
  formatReference,
  type ImageReference,
  parseReference,
} from '../model/reference.ts';
import { type FoundAttestation, PREDICATE_TYPE } from '../model/statement.ts';
import {
  isCyclonedxVex,
  readVex,
  type VexDocument,
  type VexProduct,
  type VexStatement,
} from './vex-documents.ts';

export interface VexImage {
  readonly digests: readonly [Digest, ...Digest[]];
  readonly references: readonly ImageReference[];
}

/**
 * True where a statement's package URL means this package: type, namespace and name alike, and
 * version and qualifiers wherever the statement gives them. What it leaves out may be anything.
 */
function meansPackage(stated: string, actual: string): boolean {
  const [want, have] = [readPurl(stated), readPurl(actual)];
  if (want === undefined || have === undefined || want.type !== have.type) return false;
  if (foldedPath(want) !== foldedPath(have)) return false;
  if (want.version !== undefined && want.version !== have.version) return false;
  return [...want.qualifiers].every(([key, value]) => have.qualifiers.get(key) === value);
}

/** True for this image's digest, `pkg:oci`, `pkg:docker` or reference; never for another digest. */
export function meansImage(stated: string, image: VexImage): boolean {
  const digest = /(?:^|@)(sha256:[0-9a-f]{64})$/.exec(stated)?.[1];
  const purl = readPurl(stated);
  if (purl === undefined && digest !== undefined) return hasDigest(image, digest);
  if (purl === undefined) {
    const reference = parseReference(stated);
    return reference.ok && image.references.some((own) => isCalled(own, reference.value));
  }
  if (purl.type !== 'oci' && purl.type !== 'docker') return false;
  if (purl.version?.startsWith('sha256:') === true) return hasDigest(image, purl.version);
  return image.references.some((own) => isNamed(own, purl));
}

export function meansRepository(stated: string, { references }: VexImage): boolean {
  const purl = readPurl(stated);
  if (purl === undefined) {
    const read = parseReference(stated);
    if (!read.ok) return false;
    const { registry, repository } = read.value;
    return references.some((own) => isCalled(own, { registry, repository }));
  }
  if (purl.type !== 'oci' && purl.type !== 'docker') return false;
  const { type, path, qualifiers } = purl;
  // The last part of a name alone may be that of any image.
  if (type === 'oci' && !qualifiers.has('repository_url')) return false;
  const untagged = new Map([...qualifiers].filter(([key]) => key !== 'tag'));
  const whole = { type, path, version: undefined, qualifiers: untagged };
  return references.some((own) => isNamed(own, whole));
}

function namesVersion(stated: string): boolean {
  return readPurl(stated)?.version !== undefined;
}

function hasDigest({ digests }: VexImage, digest: string): boolean {
  return digests.some((own) => own === digest);
}

function isCalled(own: ImageReference, stated: ImageReference): boolean {
  return (
    own.registry === stated.registry &&
    own.repository === stated.repository &&
    (stated.tag === undefined || stated.tag === own.tag)
  );
}

/** `pkg:oci/NAME?repository_url=HOST/PATH/NAME&tag=TAG`, `pkg:docker/PATH/NAME@TAG` (purl-spec). */
function isNamed(own: ImageReference, purl: Purl): boolean {
  const tag = purl.qualifiers.get('tag') ?? (purl.type === 'docker' ? purl.version : undefined);
  if (tag !== undefined && tag !== own.tag) return false;
  const full = `${own.registry}/${own.repository}`;
  const url = purl.qualifiers
    .get('repository_url')
    ?.replace(/^https?:\/\//, '')
    .replace(/(?<!\/)\/+$/, '');
  const path = purl.path.join('/').toLowerCase();
  if (purl.type === 'docker') {
    // As BuildKit and Docker Scout write it, the registry begins the name; purl-spec has it in the
    // qualifier.
    const named = parseReference(url === undefined ? path : `${url}/${path}`);
    return named.ok && formatReference(named.value) === full;
  }
  if (url !== undefined) return full === url || full === `${url}/${path}`;
  return own.repository.split('/').at(-1) === path;
}

const OF_NO_CASE = new Set(['pypi', 'npm', 'composer', 'deb', 'apk', 'rpm', 'nuget']);

function foldedPath({ type, path }: Purl): string {
  const whole = path.join('/');
  if (type === 'pypi') return whole.toLowerCase().replace(/[-_.]+/g, '-');
  return OF_NO_CASE.has(type) ? whole.toLowerCase() : whole;
}

/**
 * Applies VEX documents to what a scanner found in an image. The latest statement about a
 * vulnerability in a package decides. Only trusted documents set one aside, and none after its last
 * day. `now` in milliseconds since 1970. What had no effect is in the notices.
 */
export function applyVex(
  scan: VulnerabilitiesFact,
  documents: readonly VexDocument[],
  image: VexImage,
  now: number,
): VulnerabilitiesFact {
  if (documents.length === 0) return scan;
  const readings = documents.map((document) => ({ document, ...readVex(document) }));
  const named = readings.flatMap(({ statements }) =>
    statements.flatMap((one) => one.vulnerability.map((name) => ({ name, one }))),
  );
  const byName = groupBy(named, ({ name }) => name);
  const used = new Set<string>();
  const [missed, over] = [new Set<string>(), new Set<string>()];
  const withheld = new Map<string, number>();
  const left: Vulnerability[] = [];
  const suppressed: SuppressedVulnerability[] = [];
  for (const vulnerability of scan.vulnerabilities) {
    const { id, aliases = [], purl, package: part, version } = vulnerability;
    const names = [id, ...aliases].map((name) => name.toUpperCase());
    const naming = [
      ...new Set(names.flatMap((name) => (byName.get(name) ?? []).map(({ one }) => one))),
    ];
    const about = naming.filter(({ products, document: { ofRepository } }) =>
      products.some((one) => isAbout(one, purl, image, ofRepository === true)),
    );
    for (const { document } of about) used.add(document.name);
    if (about.length === 0)
      for (const { document } of naming)
        if (document.ofRepository === true)
          missed.add(
            `VEX ${document.name} speaks of ${id}, but not for ${part} ${version} in this image: name the package with its version (scoville vex --package PURL)`,
          );
    const decided = (trusted: boolean): SuppressedVulnerability | undefined =>
      setAside(vulnerability, latest(about.filter(({ document }) => document.trusted === trusted)));
    const [promised, unheard] = [decided(true), decided(false)];
    const isNow = ({ until }: SuppressedVulnerability): boolean =>
      until === undefined || !isOver(until, now);
    if (promised !== undefined && isNow(promised)) {
      suppressed.push(promised);
      continue;
    }
    left.push(vulnerability);
    if (promised !== undefined)
      over.add(
        `VEX ${promised.source}: ${id} counts again, since it was valid until ${promised.until ?? ''}`,
      );
    if (unheard !== undefined && isNow(unheard))
      withheld.set(unheard.source, (withheld.get(unheard.source) ?? 0) + 1);
  }
  const notices = [
    ...(scan.notices ?? []),
    ...readings.flatMap(({ document: { name }, problems, statements }) => [
      ...problems.slice(0, MOST_SHOWN).map((problem) => `VEX ${name}: ${problem}`),
      ...(problems.length > MOST_SHOWN
        ? [`VEX ${name}: ${problems.length - MOST_SHOWN} more problems`]
        : []),
      ...(statements.length > 0 && !used.has(name)
        ? [`VEX ${name} matches nothing that was found`]
        : []),
    ]),
    ...over,
    ...[...missed].slice(0, MOST_SHOWN),
    ...[...withheld].map(
      ([name, count]) => `VEX ${name} is not verified: ${count} it would set aside are counted`,
    ),
  ];
  return {
    ...scan,
    vulnerabilities: left,
    suppressedByVex: suppressed.length,
    ...(suppressed.length === 0 ? {} : { suppressed }),
    ...(notices.length === 0 ? {} : { notices }),
  };
}

/** Notices of one kind. */
const MOST_SHOWN = 3;

/** A product is the image, with the parts of it that are meant, or the package itself. */
function isAbout(
  { names, parts }: VexProduct,
  purl: string | undefined,
  image: VexImage,
  ofRepository: boolean,
): boolean {
  const means = (stated: readonly string[]): boolean =>
    purl !== undefined && stated.some((name) => meansPackage(name, purl));
  if (names.some((name) => meansImage(name, image))) return parts.length === 0 || parts.some(means);
  // A part of another product says nothing of the same part elsewhere.
  if (parts.length === 0) return means(names);
  return (
    ofRepository &&
    names.some((name) => meansRepository(name, image)) &&
    parts.some((part) => means(part.filter(namesVersion)))
  );
}

function latest(statements: readonly VexStatement[]): VexStatement | undefined {
  return statements.reduce<VexStatement | undefined>(
    (last, one) => (last === undefined || one.time >= last.time ? one : last),
    undefined,
  );
}

function setAside(
  vulnerability: Vulnerability,
  statement: VexStatement | undefined,
): SuppressedVulnerability | undefined {
  if (statement === undefined) return undefined;
  const { status, justification, until, document } = statement;
  if (status === 'affected' || status === 'under_investigation') return undefined;
  return { vulnerability, status, ...given({ justification, until }), source: document.name };
}

/**
 * The VEX documents among the attestations on an image: OpenVEX, and CycloneDX that says something
 * of vulnerabilities. Those about another image are left out; those that are not verified come as
 * untrusted, so that a report can say what they would do.
 */
export function vexOfAttestations(
  attestations: readonly FoundAttestation[],
  image: VexImage,
): readonly VexDocument[] {
  return attestations
    .filter(({ subjects }) => subjects.some((subject) => image.digests.includes(subject)))
    .filter(isVex)
    .map(({ predicate, verification, subjects, digest, source }) => ({
      name: `attestation ${digest ?? source}`,
      trusted: verification === 'verified',
      value: predicate,
      subjects,
    }));
}

function isVex({ predicateType, predicate }: FoundAttestation): boolean {
  if (predicateType.startsWith(PREDICATE_TYPE.openvex)) return true;
  // cosign's name for it has a version behind, older ones none.
  return (
    /^https:\/\/cyclonedx\.org\/(?:bom|vex|schema)\b/.test(predicateType) &&
    isCyclonedxVex(predicate)
  );
}

/**
 * The user's VEX documents, in order. Throws UserError if one cannot be read or is not JSON:
 * a broken promise must not go unseen.
 */
export async function readVexFiles(files: readonly string[]): Promise<readonly VexDocument[]> {
  const read = async (file: string): Promise<VexDocument> => {
    const value = await readJsonFile(file).catch((error: unknown) => {
      throw new UserError(`the VEX document ${file} cannot be read: ${messageOf(error)}`, {
        cause: error,
        nextStep: 'correct `vex` in the settings',
      });
    });
    return { name: file, trusted: true, value, ofRepository: true };
  };
  return Promise.all(files.map(read));
}
