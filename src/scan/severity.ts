import { given, ownValue, textField } from '../lib/json.ts';
import { byCodeUnit, oneLine } from '../lib/text.ts';
import {
  type Severity,
  severityRank,
  type VulnerabilitiesFact,
  type Vulnerability,
} from '../model/facts.ts';
import type { Package } from '../model/packages.ts';
import { VERSION_ORDERS } from './versions.ts';

/** A report's name, version or path for ours: one line of limited length; undefined if not text. */
export function reportText(value: unknown, name: string): string | undefined {
  const text = textField(value, name);
  if (text === undefined || text === '') return undefined;
  return oneLine(text).slice(0, 512);
}

/** An address that a reader may be sent to: http or https, without credentials. */
export function reportUrl(value: unknown, name: string): string | undefined {
  const text = reportText(value, name);
  return text !== undefined && /^https?:\/\/[^\s@]+$/.test(text) ? text : undefined;
}

/**
 * Names in databases and distributions, in lower case. Words without a judgment (`untriaged`, `not
 * yet assigned`) are not here.
 */
const WORDS: Readonly<Record<string, Severity>> = {
  critical: 'critical',
  important: 'high',
  high: 'high',
  moderate: 'medium',
  medium: 'medium',
  low: 'low',
  minimal: 'negligible',
  negligible: 'negligible',
  unimportant: 'negligible',
  none: 'negligible',
};

/** A database's word for a severity as one of ours; `unknown` where it is another word. */
export function severityOf(word: string | undefined): Severity {
  // Debian marks urgencies that a machine guessed with asterisks.
  const plain =
    word
      ?.slice(0, 40)
      .trim()
      .toLowerCase()
      .replace(/(?<!\*)\*+$/, '') ?? '';
  return ownValue(WORDS, plain) ?? 'unknown';
}

/** A CVSS score's qualitative rating (CVSS v3.1 section 5, v4.0 section 6; the same for 2.0). */
export function severityOfScore(score: number): Severity {
  if (score >= 9) return 'critical';
  if (score >= 7) return 'high';
  if (score >= 4) return 'medium';
  return score > 0 ? 'low' : 'negligible';
}

/** A score with the version of the system that it was computed by, as people write it. */
interface CvssScore {
  readonly version: 'CVSS 2.0' | 'CVSS 3.0' | 'CVSS 3.1' | 'CVSS 4.0';
  readonly score: number;
}

const V2 = /^\(?AV:[LAN]\/AC:[HML]\/Au:[MSN]\/C:[NPC]\/I:[NPC]\/A:[NPC]\)?$/;
const V3 = /^CVSS:3\.[01](?:\/[A-Z]{1,3}:[A-Z]){8,22}$/;
const V4 =
  /^CVSS:4\.0\/AV:[NALP]\/AC:[LH]\/AT:[NP]\/PR:[NLH]\/UI:[NPA]\/VC:[HLN]\/VI:[HLN]\/VA:[HLN]\/SC:[HLN]\/SI:[HLN]\/SA:[HLN](?:\/[A-Z]{1,3}:[A-Za-z]{1,6}){0,24}$/;
/** The calculator would take the last of several. */
const REPEATED = /([/(][A-Z]{1,3}:)(?:.*)\1/;

/**
 * The score of a CVSS vector of any version, 0 to 10 with one decimal: of 3.0 and 3.1 the base
 * score, of 4.0 that of all metrics. Undefined where the vector is malformed, says a metric twice
 * or lacks a base metric.
 */
export async function cvssScore(vector: string): Promise<CvssScore | undefined> {
  if (vector.length > 512 || REPEATED.test(vector)) return undefined;
  const version = V2.test(vector) ? '2.0' : (V3.exec(vector) ?? V4.exec(vector))?.[0].slice(5, 8);
  if (version === undefined) return undefined;
  const { Cvss2, Cvss3P0, Cvss3P1, Cvss4P0 } = (await import('ae-cvss-calculator')).default;
  const systems = { '2.0': Cvss2, '3.0': Cvss3P0, '3.1': Cvss3P1, '4.0': Cvss4P0 };
  const known = version as keyof typeof systems;
  try {
    const score = new systems[known](vector).calculateScores().base;
    if (score === undefined || !(score >= 0 && score <= 10)) return undefined;
    return { version: `CVSS ${known}`, score };
  } catch {
    return undefined;
  }
}

interface NamedRecord {
  readonly id: string;
  readonly aliases?: readonly string[];
}

const CVE = /^CVE-\d{4}-\d{4,}$/;
/** Ids of single vulnerabilities: aliases are other names. An advisory's are those it fixes. */
const SINGLE =
  /^(?:CVE|GHSA|PYSEC|GO|RUSTSEC|OSV|GSD|CGA|MAL|SNYK|GMS|BIT|DEBIAN-CVE|UBUNTU-CVE|ALPINE-CVE|ECHO|MINI|DHI)-/;

export function isCve(id: string): boolean {
  return CVE.test(id);
}

/** The vulnerabilities of a record: itself, or for an advisory the CVEs that it names. */
function namedBy({ id, aliases = [] }: NamedRecord): readonly string[] {
  if (SINGLE.test(id)) return [id];
  const cves = aliases.filter(isCve);
  return cves.length === 0 ? [id] : [...new Set(cves)];
}

/** All names of a record: its id and, unless it is an advisory for several, its aliases. */
function otherNames({ id, aliases = [] }: NamedRecord): readonly string[] {
  return SINGLE.test(id) ? [id, ...aliases] : [id];
}

/**
 * Finds out which names mean the same: aliases are symmetric and transitive (OSV schema,
 * `aliases`). Gives for every name the best of its kin: a CVE, else a GHSA, else the first by
 * alphabet.
 */
function bestNames(records: readonly NamedRecord[]): (name: string) => string {
  const parents = new Map<string, string>();
  const root = (name: string): string => {
    let top = name;
    for (let up = parents.get(top); up !== undefined; up = parents.get(top)) top = up;
    if (top !== name) parents.set(name, top);
    return top;
  };
  for (const record of records) {
    const names = otherNames(record).filter((name) => SINGLE.test(name));
    for (const name of names) {
      const [a, b] = [root(names[0] ?? name), root(name)];
      if (a !== b) parents.set(isBetter(a, b) ? b : a, isBetter(a, b) ? a : b);
    }
  }
  return root;
}

function isBetter(a: string, b: string): boolean {
  const rank = (name: string): number => (isCve(name) ? 0 : name.startsWith('GHSA-') ? 1 : 2);
  return rank(a) === rank(b) ? a < b : rank(a) < rank(b);
}

/**
 * The fixed version to go to: the lowest above the installed one, else the lowest of all. `order`
 * is that of the ecosystem (the type of its package URL: `npm`, `deb`).
 */
export function nearestFix(
  installed: string,
  fixed: readonly string[],
  ecosystem = '',
): string | undefined {
  if (fixed.length < 2) return fixed[0];
  const order = VERSION_ORDERS[isOrdered(ecosystem) ? ecosystem : 'deb'];
  const above = fixed.filter((version) => order(version, installed) > 0);
  return (above.length === 0 ? [...fixed] : above).sort(order)[0];
}

function isOrdered(type: string): type is Package['type'] {
  return Object.hasOwn(VERSION_ORDERS, type);
}

/** Type of a package URL, as `npm` in `pkg:npm/a@1`. */
export function purlType(purl: string | undefined): string | undefined {
  return /^pkg:([a-z]{1,30})\//.exec(purl ?? '')?.[1];
}

export interface Report extends Vulnerability {
  /**
   * Which record of a CVE has the say about its severity, highest first. 2: a distribution's word
   * on this very CVE. 1: an advisory, or a database for everybody. 0: a computed score.
   */
  readonly weight: 0 | 1 | 2;
}

/**
 * Every CVE once for each package and version. Names that are aliases of each other are one; an
 * advisory counts as the CVEs that it names. Worst first, then by id, package and version, whatever
 * the order of the reports.
 */
export function onePerCve(reports: readonly Report[]): readonly Vulnerability[] {
  const ordered = [...reports].sort(
    (a, b) => byWorst(a, b) || byCodeUnit(a.path ?? '', b.path ?? ''),
  );
  const best = bestNames(ordered);
  const merged = new Map<string, Weighed>();
  for (const report of ordered) {
    for (const name of new Set(namedBy(report).map(best))) {
      const key = [name, report.package, report.version].join('\0');
      const before = merged.get(key);
      const { weight, ...found } = before === undefined ? report : joined(before, report);
      const names = [...(before?.found.aliases ?? []), ...otherNames(report)];
      const aliases = [...new Set(names)].filter((other) => other !== name).sort(byCodeUnit);
      merged.set(key, { weight, found: { ...found, id: name, aliases } });
    }
  }
  return [...merged.values()].map(({ found }) => found).sort(byWorst);
}

/**
 * What a scanner found, from its reports. `unrated`: what to do about findings whose severity no
 * record states.
 */
export function scanFact(
  reports: readonly Report[],
  about: Pick<VulnerabilitiesFact, 'scanner' | 'scannerVersion'> & {
    readonly databaseDate: string | undefined;
    readonly gaps?: readonly string[];
    readonly notices?: readonly string[];
    readonly unrated?: string;
  },
): VulnerabilitiesFact {
  const { databaseDate, gaps = [], notices = [], unrated, ...scanner } = about;
  const vulnerabilities = onePerCve(reports);
  const isRated = vulnerabilities.every(({ severity }) => severity !== 'unknown');
  return {
    ...scanner,
    vulnerabilities,
    suppressedByVex: 0,
    ...given({
      databaseDate,
      unrated: isRated ? undefined : unrated,
      gaps: gaps.length === 0 ? undefined : gaps,
      notices: notices.length === 0 ? undefined : notices,
    }),
  };
}

interface Weighed {
  readonly weight: Report['weight'];
  readonly found: Vulnerability;
}

function joined({ found, weight }: Weighed, b: Report): Report {
  const a: Report = { ...found, weight };
  const [fuller, other] = saysMore(a, b) ? [a, b] : [b, a];
  const versions = [...new Set([...fixes(a), ...fixes(b)])].sort(byCodeUnit);
  return { ...other, ...fuller, ...(versions.length < 2 ? {} : { fixedVersions: versions }) };
}

/** True if the severity of `a` counts: a known one first, then the weightier, then the worse. */
function saysMore(a: Report, b: Report): boolean {
  const isSilent = (severity: Severity): number => Number(severity === 'unknown');
  const order =
    isSilent(a.severity) - isSilent(b.severity) ||
    b.weight - a.weight ||
    severityRank(a.severity) - severityRank(b.severity);
  return order <= 0;
}

function fixes({ fixedIn, fixedVersions }: Vulnerability): readonly string[] {
  return fixedVersions ?? (fixedIn === undefined ? [] : [fixedIn]);
}

function byWorst(a: Vulnerability, b: Vulnerability): number {
  return (
    severityRank(a.severity) - severityRank(b.severity) ||
    byCodeUnit(a.id, b.id) ||
    byCodeUnit(a.package, b.package) ||
    byCodeUnit(a.version, b.version)
  );
}
