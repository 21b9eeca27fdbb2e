import type { Package } from '../model/packages.ts';
import { field, listField, textField } from './attested.ts';

/** What an SBOM names, as keys to look packages up by. */
export interface SbomContent {
  readonly format: 'CycloneDX' | 'SPDX';
  readonly components: number;
  readonly keys: ReadonlySet<string>;
}

/** Share of the packages found in the image that an SBOM must name; below it, it is another image's, or one part's. */
export const SBOM_COVERAGE = 0.75;

const PURL = /^pkg:[^/]+\/(.+?)@([^?#]+)/;

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** `NAME@VERSION` with and without the purl's namespace: tools disagree on whether a distribution is part of the name. */
function purlKeys(purl: string | undefined): string[] {
  const match = PURL.exec(purl ?? '');
  if (match === null) return [];
  const full = decoded(match[1] ?? '');
  const version = decoded(match[2] ?? '');
  return [full, full.slice(full.lastIndexOf('/') + 1)].map((name) => key(name, version));
}

/** Spellings of one package fall together: Python's separators, Debian's and RPM's epoch, Go's v. */
function key(name: string, version: string): string {
  const folded = name.replace(/[-_.]+/g, '-');
  return `${folded}@${version.replace(/^(?:\d+:|v(?=\d))/, '')}`.toLowerCase();
}

function cyclonedxKeys(component: unknown): string[] {
  const name = textField(component, 'name');
  const version = textField(component, 'version');
  if (name === undefined || version === undefined) return purlKeys(textField(component, 'purl'));
  const group = textField(component, 'group');
  return [
    key(name, version),
    ...(group === undefined
      ? []
      : [key(`${group}/${name}`, version), key(`${group}:${name}`, version)]),
    ...purlKeys(textField(component, 'purl')),
  ];
}

function spdxKeys(found: unknown): string[] {
  const name = textField(found, 'name') ?? textField(found, 'software_packageName');
  const version = textField(found, 'versionInfo') ?? textField(found, 'software_packageVersion');
  const purls = listField(found, 'externalRefs').map((ref) => textField(ref, 'referenceLocator'));
  return [
    ...(name === undefined || version === undefined ? [] : [key(name, version)]),
    ...[...purls, textField(found, 'software_packageUrl')].flatMap(purlKeys),
  ];
}

/** SPDX' package that is the image itself: the document describes it, it is no content. */
function described(document: unknown): ReadonlySet<unknown> {
  const roots = listField(document, 'relationships')
    .filter((one) => field(one, 'relationshipType') === 'DESCRIBES')
    .map((one) => field(one, 'relatedSpdxElement'));
  return new Set([...roots, ...listField(document, 'documentDescribes')]);
}

function spdxPackages(document: unknown): readonly unknown[] {
  const graph = listField(document, '@graph');
  if (graph.length > 0) return graph.filter((one) => field(one, 'type') === 'software_Package');
  const roots = described(document);
  const packages = listField(document, 'packages');
  const content = packages.filter((one) => !roots.has(field(one, 'SPDXID')));
  // A document that describes every package by itself has no root apart from its content.
  return packages.length > 1 && content.length === 0 ? packages : content;
}

/** What an SBOM predicate names; undefined where it is neither CycloneDX nor SPDX. A predicate that wraps its document is unwrapped. */
export function sbomContent(predicate: unknown): SbomContent | undefined {
  const inner = field(predicate, 'Data') ?? field(predicate, 'bom');
  const document = typeof inner === 'object' && inner !== null ? inner : predicate;
  if (field(document, 'bomFormat') === 'CycloneDX') {
    const components = listField(document, 'components').flatMap(flattened);
    return {
      format: 'CycloneDX',
      components: components.length,
      keys: new Set(components.flatMap(cyclonedxKeys)),
    };
  }
  if (
    textField(document, 'spdxVersion') === undefined &&
    listField(document, '@graph').length === 0
  )
    return undefined;
  const packages = spdxPackages(document);
  return { format: 'SPDX', components: packages.length, keys: new Set(packages.flatMap(spdxKeys)) };
}

/** CycloneDX components nest; one level is what tools write. */
function flattened(component: unknown): unknown[] {
  return [component, ...listField(component, 'components')];
}

/** The packages of the image that the SBOM does not name. */
export function unnamed(content: SbomContent, packages: readonly Package[]): Package[] {
  return packages.filter(
    (found) =>
      ![key(found.name, found.version), ...purlKeys(found.purl)].some((k) => content.keys.has(k)),
  );
}
