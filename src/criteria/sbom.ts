import { parseStrictJson } from '../image/formats/json.ts';
import { field, listField } from '../lib/json.ts';
import { fileName, quantity } from '../lib/text.ts';
import type { Fact, FilesystemFact } from '../model/facts.ts';
import { type Package, readPurl } from '../model/packages.ts';
import { type FoundAttestation, PREDICATE_TYPE } from '../model/statement.ts';
import { attestationEvidence, attested, noneOwn, textField, trustIn } from './attested.ts';
import { criterion, fail, listed, note, packageEvidence, pass } from './criterion.ts';

/** A part of an image that an SBOM names: a package, a program or a file. */
interface SbomPart {
  readonly name: string;
  readonly version: string | undefined;
  /** CycloneDX' group: `@scope`, `org.example`. */
  readonly group?: string | undefined;
  readonly purls: readonly string[];
  readonly isFile: boolean;
}

/** The parts that an SBOM names, without the image, its OS and others that are not content. */
interface SbomContent {
  readonly format: 'CycloneDX' | 'SPDX';
  readonly parts: readonly SbomPart[];
}

const MAX_PARTS = 500_000;
const MAX_TEXT = 64 * 1024 * 1024;
/** CycloneDX' component types that do not count as content. */
const NO_PART = new Set(['operating-system', 'container', 'cryptographic-asset', 'platform']);
/** SPDX' package purposes of the same kind. */
const NO_PART_PURPOSE = /^(?:OPERATING[-_]SYSTEM|CONTAINER|SOURCE)$/;

/**
 * Reads an SBOM predicate: CycloneDX JSON, SPDX 2 JSON, SPDX 3 JSON-LD; also wrapped as `Data`, as
 * older cosign did. Undefined where it is none of them. The predicate is hostile: every field is
 * checked, lists are cut, nesting costs no depth.
 */
export function sbomContent(predicate: unknown): SbomContent | undefined {
  const document = unwrapped(predicate);
  if (field(document, 'bomFormat') === 'CycloneDX')
    return { format: 'CycloneDX', parts: cyclonedxParts(document) };
  const graph = listField(document, '@graph');
  if (graph.length > 0) return { format: 'SPDX', parts: graphParts(graph) };
  return textField(document, 'spdxVersion') === undefined
    ? undefined
    : { format: 'SPDX', parts: spdxParts(document) };
}

function unwrapped(predicate: unknown): unknown {
  const inner = field(predicate, 'Data') ?? field(predicate, 'bom');
  if (typeof inner !== 'string')
    return typeof inner === 'object' && inner !== null ? inner : predicate;
  const parsed = parseStrictJson(inner, 'the SBOM', MAX_TEXT);
  return parsed.ok ? parsed.value : undefined;
}

function cyclonedxParts(document: unknown): SbomPart[] {
  const parts: SbomPart[] = [];
  // Components nest. A queue instead of recursion, so that depth costs nothing.
  const open = [listField(document, 'components')];
  for (let list = open.pop(); list !== undefined; list = open.pop())
    for (const component of list) {
      if (parts.length >= MAX_PARTS) return parts;
      const nested = listField(component, 'components');
      if (nested.length > 0) open.push(nested);
      const type = textField(component, 'type') ?? '';
      const name = textField(component, 'name');
      if (name === undefined || NO_PART.has(type)) continue;
      const purl = textField(component, 'purl');
      parts.push({
        name,
        version: textField(component, 'version'),
        group: textField(component, 'group'),
        purls: purl === undefined ? [] : [purl],
        isFile: type === 'file' || type === 'application',
      });
    }
  return parts;
}

/** SPDX' package that is the image itself: it is what the document describes, not content. */
function described(document: unknown): ReadonlySet<unknown> {
  const roots = listField(document, 'relationships')
    .filter((one) => field(one, 'relationshipType') === 'DESCRIBES')
    .map((one) => field(one, 'relatedSpdxElement'));
  return new Set([...roots, ...listField(document, 'documentDescribes')]);
}

function spdxParts(document: unknown): SbomPart[] {
  const roots = described(document);
  const packages = listField(document, 'packages').slice(0, MAX_PARTS);
  const content = packages.filter((one) => !roots.has(field(one, 'SPDXID')));
  // A document that describes each package has no root apart from its content.
  const listed = packages.length > 1 && content.length === 0 ? packages : content;
  const files = listField(document, 'files').slice(0, MAX_PARTS);
  return [
    ...listed.flatMap((found): SbomPart[] => {
      const name = textField(found, 'name');
      const purpose = textField(found, 'primaryPackagePurpose') ?? '';
      const purls = listField(found, 'externalRefs').flatMap(
        (ref) => textField(ref, 'referenceLocator') ?? [],
      );
      const isImage = purls.some((purl) => purl.startsWith('pkg:oci/'));
      if (name === undefined || isImage || NO_PART_PURPOSE.test(purpose)) return [];
      const isFile = purpose === 'FILE' || purpose === 'APPLICATION';
      return [{ name, version: textField(found, 'versionInfo'), purls, isFile }];
    }),
    ...files.flatMap((found) => fileNamed(textField(found, 'fileName'))),
  ];
}

function graphParts(graph: readonly unknown[]): SbomPart[] {
  return graph.slice(0, MAX_PARTS).flatMap((found): SbomPart[] => {
    const type = field(found, 'type');
    const name = textField(found, 'name') ?? textField(found, 'software_packageName');
    if (type === 'software_File') return fileNamed(name);
    if (type !== 'software_Package' || name === undefined) return [];
    const purl = textField(found, 'software_packageUrl');
    const version = textField(found, 'software_packageVersion');
    return [{ name, version, purls: purl === undefined ? [] : [purl], isFile: false }];
  });
}

function fileNamed(name: string | undefined): SbomPart[] {
  return name === undefined ? [] : [{ name, version: undefined, purls: [], isFile: true }];
}

/** Minimum share of the image's packages in an SBOM; below it, it is partial or another image's. */
const SBOM_COVERAGE = 0.75;

/** Share of an unsigned SBOM's OS packages that the image may lack: source or from other stages. */
const FOREIGN_SHARE = 0.1;

/** How much of what is found in the image an SBOM names. */
interface SbomCoverage {
  /** Packages found in the image, each version once. */
  readonly total: number;
  readonly named: number;
  readonly missing: readonly Package[];
}

const OS_TYPES = new Set(['deb', 'apk', 'rpm', 'alpm', 'nix']);

/** `NAME@VERSION` with and without the purl's namespace: tools disagree on what the name is. */
function purlKeys(purl: string): string[] {
  const read = readPurl(purl);
  if (read?.version === undefined) return [];
  const { path, version } = read;
  const full = path.join('/');
  return [full, fileName(full)].map((name) => key(name, version));
}

/** Folds one package's spellings: Python separators, Java colon, Debian and RPM epoch, Go's v. */
function key(name: string, version: string): string {
  const folded = name.replace(/[-_.]+/g, '-').replaceAll(':', '/');
  return `${folded}@${version.replace(/^(?:\d+:|v(?=\d))/, '')}`.toLowerCase();
}

function partKeys({ name, version, group, purls }: SbomPart): string[] {
  const keys = purls.flatMap(purlKeys);
  // Without a version it can only be a package that records none.
  keys.push(key(name, version ?? ''));
  if (group !== undefined) keys.push(key(`${group}/${name}`, version ?? ''));
  return keys;
}

/** Compares an SBOM with the image's packages; the same package in two places counts once. */
export function sbomCoverage(content: SbomContent, packages: readonly Package[]): SbomCoverage {
  const named = new Set(content.parts.flatMap(partKeys));
  const ours = new Map(
    packages.map((found) => [`${found.type} ${found.name}@${found.version}`, found]),
  );
  const missing = [...ours.values()].filter(
    (found) =>
      ![key(found.name, found.version), ...purlKeys(found.purl)].some((one) => named.has(one)),
  );
  return { total: ours.size, named: ours.size - missing.length, missing };
}

/** OS packages that the SBOM names and the image lacks, by name: version spellings differ. */
function foreignOsParts(content: SbomContent, packages: readonly Package[]): readonly SbomPart[] {
  const bare = (name: string): string => key(fileName(name), '');
  const ours = new Set(packages.map(({ name }) => bare(name)));
  return osParts(content).filter(
    ({ name, purls }) =>
      ![name, ...purls.map((purl) => readPurl(purl)?.path.join('/'))].some(
        (one) => one !== undefined && ours.has(bare(one)),
      ),
  );
}

/** Parts that are packages of an operating system, by their purls. */
function osParts(content: SbomContent): readonly SbomPart[] {
  return content.parts.filter(({ purls }) =>
    purls.some((purl) => OS_TYPES.has(readPurl(purl)?.type ?? '')),
  );
}

/** True where the SBOM names files and programs of which the image has none. */
function namesForeignFiles(content: SbomContent, filesystem: FilesystemFact): boolean {
  const files = content.parts.filter(({ isFile }) => isFile);
  if (files.length === 0 || files.length < content.parts.length) return false;
  if (files.some(({ name }) => filesystem.has(name.replace(/^(?:\.?\/)+/, '')))) return false;
  const names = new Set(files.map(({ name }) => fileName(name)));
  return filesystem.executables.find(({ path }) => names.has(fileName(path))) === undefined;
}

interface Judged {
  readonly holds: boolean;
  readonly coverage: number;
  readonly summary: string;
  readonly missing: readonly Package[];
}

function isSbom(type: string): boolean {
  return type.startsWith(PREDICATE_TYPE.cyclonedx) || type.startsWith(PREDICATE_TYPE.spdx);
}

function answer(holds: boolean, summary: string): Judged {
  return { holds, coverage: 0, summary, missing: [] };
}

/** Judges an image without packages: the SBOM must at least not describe another image. */
function withoutPackages(content: SbomContent, filesystem: Fact<FilesystemFact>): Judged {
  const { format, parts } = content;
  const os = osParts(content).length;
  if (os > 0)
    return answer(
      false,
      `the SBOM names ${quantity(os, 'OS package')}, of which the image has none`,
    );
  if (filesystem.known && namesForeignFiles(content, filesystem.value))
    return answer(false, 'the SBOM names files that the image does not contain');
  const named = quantity(parts.length, 'part');
  return answer(true, `${format} names ${named}; the image contains no package to compare with`);
}

function judge(
  { predicate, verification }: FoundAttestation,
  packages: readonly Package[],
  filesystem: Fact<FilesystemFact>,
): Judged {
  const content = sbomContent(predicate);
  if (content === undefined) return answer(false, 'the SBOM is neither CycloneDX nor SPDX');
  if (content.parts.length === 0) return answer(false, 'the SBOM is empty');
  if (packages.length === 0) return withoutPackages(content, filesystem);
  const { total, named, missing } = sbomCoverage(content, packages);
  const coverage = named / total;
  const foreign = foreignOsParts(content, packages);
  if (verification === 'unverified' && foreign.length > osParts(content).length * FOREIGN_SHARE)
    return answer(
      false,
      `the SBOM, which nobody signed, names ${quantity(foreign.length, 'OS package')} that the image does not have: ${listed(foreign.map(({ name }) => name))}`,
    );
  return {
    holds: coverage >= SBOM_COVERAGE,
    coverage,
    missing,
    summary:
      named === 0
        ? `the SBOM names none of the image’s ${quantity(total, 'package')}`
        : `${content.format} names ${named} of the image’s ${quantity(total, 'package')}`,
  };
}

export const sbomAttested = criterion({
  id: 'sbom',
  title: 'SBOM attestation',
  vector: 'provenance',
  level: 4,
  spec: '#sboms',
  why: 'A bill of materials answers in seconds whether an image contains a vulnerable package.',
  needs: ['image', 'attestations', 'packages'],
  uses: ['filesystem'],
  decidedBy:
    'An SPDX or CycloneDX attestation that parses, is not empty and has this image as its ' +
    `subject: its manifest or the index that lists it. It names at least ${SBOM_COVERAGE * 100} % of the packages that are found in the image, by name and version. The share is ` +
    'reported. An empty or foreign SBOM fails, and so does an unsigned one that names OS ' +
    'packages the image does not have. Where no package is found in the image, such as one ' +
    'static program, the SBOM must name what the image contains: the program itself. One ' +
    'that names OS packages, or only files that the image does not contain, describes ' +
    'another image.',
  check: ({ image, attestations, packages, filesystem }) => {
    const found = attested(attestations, image, isSbom);
    const judged = found.own
      .map((one) => ({ found: one, ...judge(one, packages, filesystem) }))
      .sort((a, b) => Number(b.holds) - Number(a.holds) || b.coverage - a.coverage);
    const best = judged[0];
    if (best === undefined) return noneOwn(found, 'SBOM', attestations);
    const missing = best.missing.slice(0, 20).map((one) => packageEvidence(one, 'not in the SBOM'));
    const evidence = [attestationEvidence(best.found, best.summary), ...missing];
    const rest = best.missing.length - missing.length;
    const all =
      rest > 0 ? [...evidence, note(`and ${rest} more packages not in the SBOM`)] : evidence;
    return best.holds
      ? pass(best.summary, all, { source: trustIn(best.found) })
      : fail(best.summary, all, { source: trustIn(best.found) });
  },
  remedies: [
    {
      title: 'Attach an SBOM of this image',
      detail:
        'Build with scoville, which attests CycloneDX and SPDX from the packages it finds in the layers, or attest the output of a scanner with cosign.',
      example: 'scoville attest --type cyclonedx --predicate FILE IMAGE',
    },
  ],
});
