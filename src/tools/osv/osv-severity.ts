import type { Severity, Vulnerability } from '../../model/facts.ts';
import { cvssScore } from '../scanners/cvss.ts';
import { severityOf, severityOfScore } from '../scanners/severity.ts';
import type { OsvAffected, OsvRecord, OsvSeverity } from './osv-record.ts';

/** A severity, whose word it is, and what that is worth (see `Report.weight`). */
interface Judged {
  readonly severity: Severity;
  readonly severitySource: string;
  readonly weight: 0 | 1 | 2;
}

/** Says what to do about findings whose severity no record states, where there are some. */
export function unratedField(
  found: readonly Vulnerability[],
  settle = 'State what it means for the image: scoville vex --review --attach IMAGE',
): { readonly unrated?: string } {
  return found.some(({ severity }) => severity === 'unknown') ? { unrated: settle } : {};
}

/** A distribution's records on one CVE, unlike advisories and databases for everybody. */
const OF_DISTRIBUTION = /^(DEBIAN|UBUNTU|ALPINE|ECHO)-CVE-/;

/**
 * How bad it is for a package: the distribution's word first (Debian's urgency, Ubuntu's priority),
 * then the database's (GitHub, an advisory), then the worst of the CVSS scores. Undefined where
 * nobody judges.
 */
export async function judgeOsv(
  record: OsvRecord,
  affected: readonly OsvAffected[],
): Promise<Judged | undefined> {
  // Packages that are malicious themselves have no score (OSSF malicious-packages).
  if (record.id.startsWith('MAL-'))
    return { severity: 'critical', severitySource: 'malicious package', weight: 1 };
  const stated = [...affected.flatMap(({ severity }) => severity), ...record.severity];
  const words = [
    ...affected.flatMap(({ word }) => word ?? []),
    ...stated.flatMap(({ type, score }) => (type === 'Ubuntu' ? score : [])),
    ...(record.word === undefined ? [] : [record.word]),
  ];
  const word = words.map(severityOf).find((severity) => severity !== 'unknown');
  if (word !== undefined) {
    const distribution = OF_DISTRIBUTION.exec(record.id)?.[1];
    return {
      severity: word,
      severitySource: (distribution ?? databaseOf(record.id)).toLowerCase(),
      weight: distribution === undefined ? 1 : 2,
    };
  }
  return worstScore(stated);
}

async function worstScore(stated: readonly OsvSeverity[]): Promise<Judged | undefined> {
  const vectors = stated.filter(({ type }) => type.startsWith('CVSS_')).map(({ score }) => score);
  const scores = await Promise.all([...new Set(vectors)].map(cvssScore));
  const worst = scores
    .filter((score) => score !== undefined)
    .reduce<(typeof scores)[number]>(
      (a, b) => (a === undefined || b.score > a.score ? b : a),
      undefined,
    );
  if (worst === undefined) return undefined;
  return { severity: severityOfScore(worst.score), severitySource: worst.version, weight: 0 };
}

/** `GHSA-…` as `GHSA`. */
function databaseOf(id: string): string {
  return /^[A-Za-z]+/.exec(id)?.[0] ?? id;
}

/** True for a record that says how bad it is, or does not need to. */
export function isJudged({ withdrawn, word, severity, affected }: OsvRecord): boolean {
  return (
    withdrawn ||
    word !== undefined ||
    severity.length > 0 ||
    affected.some((one) => one.severity.length > 0)
  );
}
