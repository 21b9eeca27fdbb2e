import { field, given, listField, ownValue } from '../lib/json.ts';
import { oneLine } from '../lib/text.ts';
import { lastDayOf } from '../lib/time.ts';
import type { Digest } from '../model/reference.ts';

/** A VEX document as it was found, before anything in it is believed. */
export interface VexDocument {
  /** What reports call it: the file, or the attestation's digest. */
  readonly name: string;
  /** True for the user's file or a signature-verified attestation; others set nothing aside. */
  readonly trusted: boolean;
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

export interface VexProduct {
  readonly names: readonly string[];
  readonly parts: readonly (readonly string[])[];
}

export interface VexStatement {
  readonly document: VexDocument;
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

interface VexReading {
  readonly statements: readonly VexStatement[];
  readonly problems: readonly string[];
}

const MOST_STATEMENTS = 50_000;
const MOST_PRODUCTS = 5_000;
const LONGEST_NAME = 2_048;

function list(value: unknown, name: string, most = MOST_PRODUCTS): readonly unknown[] {
  return listField(value, name).slice(0, most);
}

function text(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '' || value.length > LONGEST_NAME) return undefined;
  return oneLine(value);
}

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

/** A document's statements: OpenVEX or CycloneDX, recognized by its content. */
export function readVex(document: VexDocument): VexReading {
  const { value } = document;
  if (isOpenVex(value)) {
    const issued = time(field(value, 'timestamp')) ?? 0;
    return readEach(document, 'statement', (raw) => openVexStatement(document, raw, issued));
  }
  if (isCyclonedxVex(value)) {
    const read = cyclonedxReader(document);
    return readEach(document, 'vulnerability', read);
  }
  return { statements: [], problems: ['it is neither OpenVEX nor CycloneDX with vulnerabilities'] };
}

/** Each entry as a statement, what is wrong with it, or nothing. */
function readEach(
  { value }: VexDocument,
  what: 'statement' | 'vulnerability',
  read: (raw: unknown) => VexStatement | string | undefined,
): VexReading {
  const name = what === 'statement' ? 'statements' : 'vulnerabilities';
  const found = list(value, name, MOST_STATEMENTS).map(read);
  return {
    statements: found.filter((one) => typeof one === 'object'),
    problems: found.flatMap((one, i) => (typeof one === 'string' ? `${what} ${i + 1} ${one}` : [])),
  };
}

export function isOpenVex(value: unknown): boolean {
  return text(field(value, '@context'))?.startsWith('https://openvex.dev/ns') === true;
}

const STATUSES: readonly VexStatus[] = ['not_affected', 'fixed', 'affected', 'under_investigation'];

/**
 * A statement of an OpenVEX document (v0.2.0, and v0.0.1, which spells vulnerability and products
 * as plain text). One without a product takes the attestation's subjects; one that is not complete,
 * as `not_affected` without a reason, is a problem and does nothing.
 */
function openVexStatement(
  document: VexDocument,
  raw: unknown,
  issued: number,
): VexStatement | string {
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
    document,
    vulnerability,
    status,
    products,
    ...given({ justification, until }),
    time: time(field(raw, 'last_updated')) ?? time(field(raw, 'timestamp')) ?? issued,
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
  const own = list(raw, 'products').flatMap((product): VexProduct[] => {
    const names = componentNames(product);
    const parts = partsOf(product);
    return names.length === 0 ? [] : [{ names, parts: parts.length === 0 ? shared : parts }];
  });
  if (own.length > 0 || subjects.length === 0) return own;
  return [{ names: subjects, parts: shared }];
}

export function partsOf(product: unknown): VexProduct['parts'] {
  return list(product, 'subcomponents').map(componentNames);
}

export function componentNames(component: unknown): readonly string[] {
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
function cyclonedxReader(
  document: VexDocument,
): (raw: unknown) => VexStatement | string | undefined {
  const { value } = document;
  const components = referredNames(value);
  const image = imageOf(value, document);
  const issued = time(field(field(value, 'metadata'), 'timestamp')) ?? 0;
  return (raw) => {
    const analysis = field(raw, 'analysis');
    const state = text(field(analysis, 'state'));
    if (state === undefined) return undefined;
    const status = ownValue(STATES, state);
    const references = list(raw, 'references', 500).map((reference) => field(reference, 'id'));
    const vulnerability = vulnerabilityNames(field(raw, 'id'), ...references);
    const products = affectedProducts(raw, components, image);
    if (vulnerability.length === 0) return 'does not name a vulnerability';
    if (status === undefined) return 'has no state of CycloneDX';
    if (products.length === 0) return 'names nothing that it affects';
    const why = text(field(analysis, 'justification')) ?? text(field(analysis, 'detail'));
    return {
      document,
      vulnerability,
      status,
      products,
      ...given({ justification: why }),
      time: time(field(analysis, 'lastUpdated')) ?? time(field(raw, 'updated')) ?? issued,
    };
  };
}

function affectedProducts(
  raw: unknown,
  components: ReadonlyMap<string, readonly string[]>,
  image: readonly string[],
): readonly VexProduct[] {
  return list(raw, 'affects').flatMap((affected): VexProduct[] => {
    const reference = text(field(affected, 'ref'));
    if (reference === undefined) return [];
    const local = linkedRef(reference);
    const names = components.get(local) ?? [local];
    if (image.length === 0) return [{ names, parts: [] }];
    const isImage = names.some((name) => image.includes(name));
    return [{ names: image, parts: isImage ? [] : [names] }];
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
  return [...[text(field(component, 'purl')) ?? []].flat(), ...hashes];
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
