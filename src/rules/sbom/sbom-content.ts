import { parseStrictJson } from '../../formats/strict-json.ts';
import { field } from '../../model/json-value.ts';
import { listField, textField } from '../shared/verdict/attested.ts';

/** A part of an image that an SBOM names: a package, a program or a file. */
export interface SbomPart {
  readonly name: string;
  readonly version: string | undefined;
  /** CycloneDX' group: `@scope`, `org.example`. */
  readonly group?: string | undefined;
  readonly purls: readonly string[];
  readonly isFile: boolean;
}

/** The parts that an SBOM names, without the image, its OS and others that are not content. */
export interface SbomContent {
  readonly format: 'CycloneDX' | 'SPDX';
  readonly parts: readonly SbomPart[];
}

const MAX_PARTS = 500_000;
const MAX_TEXT = 64 * 1024 * 1024;
/** CycloneDX' component types that are no part of the content. */
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
  // Components nest; a queue in place of recursion, so that depth costs nothing.
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

/** SPDX' package that is the image itself: the document describes it, it is no content. */
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
  // A document that describes every package by itself has no root apart from its content.
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
