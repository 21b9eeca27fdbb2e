import type {
  SuppressedVulnerability,
  VulnerabilitiesFact,
  Vulnerability,
} from '../../model/facts.ts';
import { isOver } from '../../model/last-day.ts';
import { isCyclonedxVex, readCyclonedxVex } from './vex-cyclonedx.ts';
import {
  meansImage,
  meansPackage,
  meansRepository,
  namesVersion,
  type VexImage,
} from './vex-match.ts';
import { isOpenVex, readOpenVex } from './vex-openvex.ts';
import type { VexDocument, VexProduct, VexReading, VexStatement } from './vex-statement.ts';

/** A document's statements: OpenVEX or CycloneDX, recognized by its content. */
export function readVex(document: VexDocument): VexReading {
  if (isOpenVex(document.value)) return readOpenVex(document);
  if (isCyclonedxVex(document.value)) return readCyclonedxVex(document);
  return { statements: [], problems: ['it is neither OpenVEX nor CycloneDX with vulnerabilities'] };
}

/**
 * Applies VEX documents to what a scanner found in an image. Of the statements about a
 * vulnerability in a package the latest decides; only those of trusted documents set it aside, and
 * none after its last day; `now` in milliseconds since 1970. What had no effect is in the notices.
 */
export function applyVex(
  scan: VulnerabilitiesFact,
  documents: readonly VexDocument[],
  image: VexImage,
  now: number,
): VulnerabilitiesFact {
  if (documents.length === 0) return scan;
  const readings = documents.map(readVex);
  const byName = indexed(readings.flatMap(({ statements }) => statements));
  const wide = new Set(
    documents.filter((one) => one.ofRepository === true).map(({ name }) => name),
  );
  const used = new Set<string>();
  const missed = new Set<string>();
  const withheld = new Map<string, number>();
  const over = new Set<string>();
  const left: Vulnerability[] = [];
  const suppressed: SuppressedVulnerability[] = [];
  for (const vulnerability of scan.vulnerabilities) {
    const named = statementsNaming(vulnerability, byName);
    const about = named.filter(({ products, document }) =>
      products.some((one) => isAbout(one, vulnerability.purl, image, wide.has(document))),
    );
    for (const { document } of about) used.add(document);
    const decision = latest(about.filter(({ trusted }) => trusted));
    const promised = decision === undefined ? undefined : setAside(vulnerability, decision);
    const aside = isExpired(promised, now) ? undefined : promised;
    if (promised !== undefined && aside === undefined) over.add(overText(promised));
    if (about.length === 0)
      for (const { document } of named)
        if (wide.has(document)) missed.add(missText(document, vulnerability));
    if (aside === undefined) left.push(vulnerability);
    else suppressed.push(aside);
    const unheard = latest(about.filter(({ trusted }) => !trusted));
    const silent = unheard === undefined ? undefined : setAside(vulnerability, unheard);
    if (aside === undefined && unheard !== undefined && silent && !isExpired(silent, now))
      withheld.set(unheard.document, (withheld.get(unheard.document) ?? 0) + 1);
  }
  const notices = [
    ...(scan.notices ?? []),
    ...documents.flatMap((document, i) => noticesOf(document, readings[i], used)),
    ...over,
    ...[...missed].slice(0, MOST_MISSES),
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

function indexed(
  statements: readonly VexStatement[],
): ReadonlyMap<string, readonly VexStatement[]> {
  const byName = new Map<string, VexStatement[]>();
  for (const statement of statements)
    for (const name of statement.vulnerability) {
      const before = byName.get(name);
      if (before === undefined) byName.set(name, [statement]);
      else before.push(statement);
    }
  return byName;
}

function statementsNaming(
  { id, aliases = [] }: Vulnerability,
  byName: ReadonlyMap<string, readonly VexStatement[]>,
): readonly VexStatement[] {
  const named = [id, ...aliases].flatMap((name) => byName.get(name.toUpperCase()) ?? []);
  return [...new Set(named)];
}

const MOST_MISSES = 5;

function missText(document: string, { id, package: name, version }: Vulnerability): string {
  return `VEX ${document} speaks of ${id}, but not for ${name} ${version} in this image: name the package with its version (scoville vex --package PURL)`;
}

/** A product is the image, with the parts of it that are meant, or the package itself. */
function isAbout(
  { names, parts }: VexProduct,
  purl: string | undefined,
  image: VexImage,
  ofRepository: boolean,
): boolean {
  const means = (stated: readonly string[]): boolean =>
    purl !== undefined && stated.some((name) => meansPackage(name, purl));
  if (names.some((name) => meansImage(name, image)))
    return parts.length === 0 || parts.some((part) => means(part.names));
  // A part of another product says nothing of the same part elsewhere.
  if (parts.length === 0) return means(names);
  return (
    ofRepository &&
    names.some((name) => meansRepository(name, image)) &&
    parts.some((part) => means(part.names.filter(namesVersion)))
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
  { status, justification, until, document }: VexStatement,
): SuppressedVulnerability | undefined {
  if (status === 'affected' || status === 'under_investigation') return undefined;
  const why = justification === undefined ? {} : { justification };
  const end = until === undefined ? {} : { until };
  return { vulnerability, status, ...why, ...end, source: document };
}

function isExpired(aside: SuppressedVulnerability | undefined, now: number): boolean {
  return aside?.until !== undefined && isOver(aside.until, now);
}

function overText({ vulnerability, until, source }: SuppressedVulnerability): string {
  return `VEX ${source}: ${vulnerability.id} counts again, since it was valid until ${until ?? ''}`;
}

function noticesOf(
  { name }: VexDocument,
  reading: VexReading | undefined,
  used: ReadonlySet<string>,
): readonly string[] {
  const { problems = [], statements = [] } = reading ?? {};
  const shown = problems.slice(0, 3).map((problem) => `VEX ${name}: ${problem}`);
  const rest = problems.length - shown.length;
  return [
    ...shown,
    ...(rest > 0 ? [`VEX ${name}: ${rest} more problems`] : []),
    ...(statements.length > 0 && !used.has(name)
      ? [`VEX ${name} matches nothing that was found`]
      : []),
  ];
}
