import { field } from '../../model/json-value.ts';
import { ownValue } from '../../model/lookup.ts';
import { list, text, time, vulnerabilityNames } from './vex-json.ts';
import {
  MOST_PRODUCTS,
  MOST_STATEMENTS,
  type VexDocument,
  type VexProduct,
  type VexReading,
  type VexStatement,
  type VexStatus,
} from './vex-statement.ts';

/** `vulnerabilities[].analysis.state` (CycloneDX 1.6) as statuses. */
const STATES: Readonly<Record<string, VexStatus>> = {
  resolved: 'fixed',
  resolved_with_pedigree: 'fixed',
  exploitable: 'affected',
  in_triage: 'under_investigation',
  false_positive: 'false_positive',
  not_affected: 'not_affected',
};

/** True for a CycloneDX document that says something of vulnerabilities. */
export function isCyclonedxVex(value: unknown): boolean {
  return (
    field(value, 'bomFormat') === 'CycloneDX' && Array.isArray(field(value, 'vulnerabilities'))
  );
}

/**
 * Reads what a CycloneDX document says of vulnerabilities that were analyzed; those without an
 * analysis are findings and no statement. `affects` names components of the document, to package
 * URLs, or through a BOM-Link to either. Where the document is about an image, its statements count
 * for that image only.
 */
export function readCyclonedxVex(document: VexDocument): VexReading {
  const { value } = document;
  const components = referredNames(value);
  const image = imageOf(value, document);
  const issued = time(field(field(value, 'metadata'), 'timestamp')) ?? 0;
  const statements: VexStatement[] = [];
  const problems: string[] = [];
  for (const [i, raw] of list(value, 'vulnerabilities', MOST_STATEMENTS).entries()) {
    const analysis = field(raw, 'analysis');
    const state = text(field(analysis, 'state'));
    if (state === undefined) continue;
    const status = ownValue(STATES, state);
    const references = list(raw, 'references', 500).map((reference) => field(reference, 'id'));
    const vulnerability = vulnerabilityNames(field(raw, 'id'), ...references);
    const products = affectedProducts(raw, components, image);
    const problem =
      vulnerability.length === 0
        ? 'does not name a vulnerability'
        : status === undefined
          ? 'has no state of CycloneDX'
          : products.length === 0
            ? 'names nothing that it affects'
            : undefined;
    if (problem !== undefined || status === undefined) {
      problems.push(`vulnerability ${i + 1} ${problem}`);
      continue;
    }
    const why = text(field(analysis, 'justification')) ?? text(field(analysis, 'detail'));
    statements.push({
      document: document.name,
      trusted: document.trusted,
      vulnerability,
      status,
      ...(why === undefined ? {} : { justification: why }),
      time: time(field(analysis, 'lastUpdated')) ?? time(field(raw, 'updated')) ?? issued,
      products,
    });
  }
  return { statements, problems };
}

function affectedProducts(
  raw: unknown,
  components: ReadonlyMap<string, readonly string[]>,
  image: readonly string[],
): readonly VexProduct[] {
  return list(raw, 'affects', MOST_PRODUCTS).flatMap((affected): VexProduct[] => {
    const reference = text(field(affected, 'ref'));
    if (reference === undefined) return [];
    const local = linkedRef(reference);
    const names = components.get(local) ?? [local];
    if (image.length === 0) return [{ names, parts: [] }];
    const isImage = names.some((name) => image.includes(name));
    return [{ names: image, parts: isImage ? [] : [{ names }] }];
  });
}

/** `urn:cdx:SERIAL/VERSION#REF` (BOM-Link) as `REF`. */
function linkedRef(reference: string): string {
  if (!reference.startsWith('urn:cdx:')) return reference;
  const hash = reference.indexOf('#');
  const local = reference.slice(hash + 1);
  try {
    return hash < 0 ? reference : decodeURIComponent(local);
  } catch {
    return local;
  }
}

/** The names of each `bom-ref`. */
function referredNames(value: unknown): ReadonlyMap<string, readonly string[]> {
  const listed = [
    field(field(value, 'metadata'), 'component'),
    ...list(value, 'components', 100_000),
  ];
  return new Map(
    listed.flatMap((component): [string, readonly string[]][] => {
      const reference = text(field(component, 'bom-ref'));
      const names = cyclonedxNames(component);
      return reference === undefined || names.length === 0 ? [] : [[reference, names]];
    }),
  );
}

function cyclonedxNames(component: unknown): readonly string[] {
  const hashes = list(component, 'hashes', 50).flatMap((hash) => {
    const content = text(field(hash, 'content'));
    return field(hash, 'alg') === 'SHA-256' && content !== undefined
      ? `sha256:${content.toLowerCase()}`
      : [];
  });
  return [
    ...(text(field(component, 'purl')) === undefined ? [] : [text(field(component, 'purl')) ?? '']),
    ...hashes,
  ];
}

/** The names of the image that the document is about; none where it does not say. */
function imageOf(value: unknown, { subjects = [] }: VexDocument): readonly string[] {
  const component = field(field(value, 'metadata'), 'component');
  const names = cyclonedxNames(component);
  const isImage =
    field(component, 'type') === 'container' ||
    names.some((name) => /^pkg:(?:oci|docker)\//.test(name));
  return isImage && names.length > 0 ? names : subjects;
}
