import type { Package } from '../../model/packages.ts';
import { isCve } from '../scanners/alias-names.ts';
import { nearestFix } from '../scanners/nearest-fix.ts';
import type { Report } from '../scanners/one-per-cve.ts';
import { familyOf, type OsvMatch, packageName } from './osv-names.ts';
import type { OsvPlan, OsvQuery } from './osv-queries.ts';
import type { OsvAffected, OsvRecord } from './osv-record.ts';
import { judgeOsv } from './osv-severity.ts';

/**
 * What OSV's answers say of each package, withdrawn records left out; which versions are affected
 * is the server's word. `records` has the records of the matches, and of CVEs behind those that
 * judge nothing.
 */
export async function osvReports(
  plan: OsvPlan,
  matches: readonly OsvMatch[],
  records: ReadonlyMap<string, OsvRecord>,
): Promise<readonly Report[]> {
  const reports: Report[] = [];
  for (const { question, id } of matches) {
    const record = records.get(id);
    const asked = plan.questions[question];
    if (record === undefined || record.withdrawn || asked === undefined) continue;
    const affected = record.affected.filter((one) => isAbout(one, asked.query));
    const said = await sayings(record, affected, records);
    const fixed = [...new Set(affected.flatMap((one) => one.fixed))];
    for (const one of asked.packages)
      for (const saying of said)
        reports.push({ ...about(id, one, fixed, asked.query.version), ...saying });
  }
  return reports;
}

/** What a record is called for a package, and how bad it says it is. */
type Saying = Pick<Report, 'id' | 'aliases' | 'severity' | 'severitySource' | 'weight'>;

const UNJUDGED = { severity: 'unknown', weight: 0 } as const;

/** A record without severity is as bad as its CVEs; an advisory for several becomes one per CVE. */
async function sayings(
  { id, names, ...record }: OsvRecord,
  affected: readonly OsvAffected[],
  records: ReadonlyMap<string, OsvRecord>,
): Promise<readonly Saying[]> {
  const judged = await judgeOsv({ id, names, ...record }, affected);
  if (judged !== undefined) return [{ id, aliases: names, ...judged }];
  const cves = names.filter(isCve);
  if (cves.length === 0) return [{ id, aliases: names, ...UNJUDGED }];
  return Promise.all(
    cves.map(async (cve) => {
      const behind = records.get(cve);
      const theirs = behind === undefined ? undefined : await judgeOsv(behind, []);
      const named = cves.length === 1 ? { id, aliases: names } : { id: cve, aliases: [id] };
      return { ...named, ...(theirs ?? UNJUDGED) };
    }),
  );
}

function about(
  id: string,
  { type, name, version, purl, location }: Package,
  fixed: readonly string[],
  asked: string,
): Omit<Report, 'severity' | 'weight'> {
  const nearest = nearestFix(asked, fixed, type);
  return {
    id,
    package: name,
    version,
    purl,
    path: location.path,
    url: `https://osv.dev/vulnerability/${encodeURIComponent(id)}`,
    ...(nearest === undefined ? {} : { fixedIn: nearest }),
    ...(fixed.length < 2 ? {} : { fixedVersions: fixed }),
  };
}

/** Ubuntu's variants (`:LTS`, `:Pro:`) and the same release without one are one distribution. */
function isAbout({ ecosystem, name }: OsvAffected, query: OsvQuery): boolean {
  const asked = query.package;
  const family = familyOf(ecosystem);
  return (
    packageName(family, name) === packageName(family, asked.name) &&
    (ecosystem === asked.ecosystem ||
      asked.ecosystem.startsWith(`${ecosystem}:`) ||
      ecosystem.startsWith(`${asked.ecosystem}:`))
  );
}
