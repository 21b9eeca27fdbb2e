import { field } from '../../model/json-value.ts';
import { lastDayOf } from '../../model/last-day.ts';
import { list, text, time, vulnerabilityNames } from './vex-json.ts';
import {
  MOST_PRODUCTS,
  MOST_STATEMENTS,
  type VexDocument,
  type VexPart,
  type VexProduct,
  type VexReading,
  type VexStatement,
  type VexStatus,
} from './vex-statement.ts';

const STATUSES: readonly VexStatus[] = ['not_affected', 'fixed', 'affected', 'under_investigation'];

/** True for an OpenVEX document of any version. */
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
