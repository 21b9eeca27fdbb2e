import { field, listField, ownValue } from '../lib/json.ts';
import { oneLine } from '../lib/text.ts';
import { lastDayOf } from '../lib/time.ts';
import type { Digest } from '../model/reference.ts';

/** A VEX document as it was found, before anything in it is believed. */
export interface VexDocument {
  /** What reports call it: the file, or the attestation's digest. */
  readonly name: string;
  /** True for the user's file or a signature-verified attestation; others set nothing aside. */
  readonly trusted: boolean;
  /** Its JSON; for an attestation the predicate. */
  readonly value: unknown;
  /**
   * A file of the user's: what it says of a version of a package in an image counts for every image
   * of that repository.
   */
  readonly ofRepository?: boolean;
  /** For an attestation: the images it is about, which its statements need not repeat. */
  readonly subjects?: readonly Digest[];
}

type VexStatus = 'not_affected' | 'fixed' | 'false_positive' | 'affected' | 'under_investigation';

/** What a statement is about, by all its names: package URLs, references, `sha256:` digests. */
export interface VexProduct {
  readonly names: readonly string[];
  /** What in it the statement is about; none: the whole. */
  readonly parts: readonly VexPart[];
}

interface VexPart {
  readonly names: readonly string[];
}

/** One statement, whatever format it came in. */
export interface VexStatement {
  readonly document: string;
  readonly trusted: boolean;
  /** All names of the vulnerability, in upper case. */
  readonly vulnerability: readonly string[];
  readonly status: VexStatus;
  readonly justification?: string;
  /** The last day on which it sets something aside, YYYY-MM-DD. */
  readonly until?: string;
  /** Milliseconds since 1970; 0 where it has no date. */
  readonly time: number;
  readonly products: readonly VexProduct[];
}

/** The statements of a document, or why it has none. */
export interface VexReading {
  readonly statements: readonly VexStatement[];
  readonly problems: readonly string[];
}

/** Bounds of what is read from a document that others wrote. */
const MOST_STATEMENTS = 50_000;
const MOST_PRODUCTS = 5_000;
const LONGEST_NAME = 2_048;

/** A list, at most so many of it; empty where it is none. */
function list(value: unknown, name: string, most: number): readonly unknown[] {
  return listField(value, name).slice(0, most);
}

/** Text of one bounded line; undefined where it is none. */
function text(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '' || value.length > LONGEST_NAME) return undefined;
  return oneLine(value);
}

/** A time as RFC 3339 writes it, in milliseconds; undefined where it is none. */
function time(value: unknown): number | undefined {
  const parsed = typeof value === 'string' && value.length < 64 ? Date.parse(value) : Number.NaN;
  return Number.isNaN(parsed) ? undefined : parsed;
}

function vulnerabilityNames(...names: readonly unknown[]): readonly string[] {
  const spelled = names.flatMap((name) => text(name)?.toUpperCase() ?? []);
  // An IRI that ends in the id names it too: `https://nvd.nist.gov/vuln/detail/CVE-2019-17571`.
  const last = spelled.flatMap((name) =>
    name.includes('/') ? (name.split(/[/#]/).findLast((part) => part !== '') ?? []) : name,
  );
  return [...new Set(last)];
}

const STATUSES: readonly VexStatus[] = ['not_affected', 'fixed', 'affected', 'under_investigation'];

export function isOpenVex(value: unknown): boolean {
  return text(field(value, '@context'))?.startsWith('https://openvex.dev/ns') === true;
}

/**
 * Reads an OpenVEX document (v0.2.0, and v0.0.1, which spells vulnerability and products as plain
 * text). A statement without a product takes the attestation's subjects; one that is not complete,
 * as `not_affected` without a reason, is a problem and does nothing.
 */
export function readOpenVex(document: VexDocument): VexReading {
  const { value } = document;
  const issued = time(field(value, 'timestamp')) ?? 0;
  const statements: VexStatement[] = [];
  const problems: string[] = [];
  for (const [i, raw] of list(value, 'statements', MOST_STATEMENTS).entries()) {
    const read = statementOf(document, raw, issued);
    if (typeof read === 'string') problems.push(`statement ${i + 1} ${read}`);
    else statements.push(read);
  }
  return { statements, problems };
}

function statementOf(document: VexDocument, raw: unknown, issued: number): VexStatement | string {
  const vulnerability = namesOf(raw);
  const status = STATUSES.find((known) => known === field(raw, 'status'));
  const justification = text(field(raw, 'justification')) ?? text(field(raw, 'impact_statement'));
  const notes = field(raw, 'status_notes');
  const until = typeof notes === 'string' ? lastDayOf(notes) : undefined;
  const products = productsOf(raw, document);
  if (vulnerability.length === 0) return 'does not name a vulnerability';
  if (status === undefined) return 'has no status of OpenVEX';
  if (products.length === 0) return 'does not name a product';
  if (status === 'not_affected' && justification === undefined)
    return 'says not_affected and not why';
  return {
    document: document.name,
    trusted: document.trusted,
    vulnerability,
    status,
    ...(justification === undefined ? {} : { justification }),
    ...(until === undefined ? {} : { until }),
    time: time(field(raw, 'last_updated')) ?? time(field(raw, 'timestamp')) ?? issued,
    products,
  };
}

function namesOf(raw: unknown): readonly string[] {
  const about = field(raw, 'vulnerability');
  if (typeof about === 'string') return vulnerabilityNames(about);
  return vulnerabilityNames(
    field(about, 'name'),
    field(about, '@id'),
    ...list(about, 'aliases', 500),
  );
}

function productsOf(raw: unknown, { subjects = [] }: VexDocument): readonly VexProduct[] {
  const shared = partsOf(raw);
  const own = list(raw, 'products', MOST_PRODUCTS).flatMap((product): VexProduct[] => {
    const names = componentNames(product);
    const parts = partsOf(product);
    return names.length === 0 ? [] : [{ names, parts: parts.length === 0 ? shared : parts }];
  });
  if (own.length > 0 || subjects.length === 0) return own;
  return [{ names: subjects, parts: shared }];
}

function partsOf(product: unknown): readonly VexPart[] {
  return list(product, 'subcomponents', MOST_PRODUCTS).map((part) => ({
    names: componentNames(part),
  }));
}

function componentNames(component: unknown): readonly string[] {
  if (typeof component === 'string') return text(component) === undefined ? [] : [component];
  const hash = text(field(field(component, 'hashes'), 'sha-256'));
  const names = [
    text(field(component, '@id')),
    text(field(field(component, 'identifiers'), 'purl')),
    hash === undefined ? undefined : `sha256:${hash.toLowerCase()}`,
  ];
  return [...new Set(names.filter((name) => name !== undefined))];
}

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
