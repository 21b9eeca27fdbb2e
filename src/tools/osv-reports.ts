import type { Package } from '../model/packages.ts';
import { isCve } from './alias-names.ts';
import { nearestFix } from './nearest-fix.ts';
import type { Report } from './one-per-cve.ts';
import type { OsvMatch } from './osv-batch.ts';
import type { OsvPlan, OsvQuery } from './osv-queries.ts';
import type { OsvAffected, OsvRecord } from './osv-record.ts';
import { judgeOsv, type Judged } from './osv-severity.ts';

/** What OSV's answers say of each package, withdrawn records left out. Which versions are affected is the server's word. */
export async function osvReports(
  plan: OsvPlan,
  matches: readonly OsvMatch[],
  records: ReadonlyMap<string, OsvRecord>,
  upstream: ReadonlyMap<string, OsvRecord>,
): Promise<readonly Report[]> {
  const reports: Report[] = [];
  for (const { question, id } of matches) {
    const record = records.get(id);
    const asked = plan.questions[question];
    if (record === undefined || record.withdrawn || asked === undefined) continue;
    const affected = record.affected.filter((one) => isAbout(one, asked.query));
    const said = await sayings(record, affected, upstream);
    const fixed = [...new Set(affected.flatMap((one) => one.fixed))];
    for (const one of asked.packages)
      for (const { id: name, judged } of said)
        reports.push({ ...about(record, one, fixed, asked.query.version), ...judged, id: name });
  }
  return reports;
}

interface Saying {
  readonly id: string;
  readonly judged: Judged;
}

const UNJUDGED: Judged = { severity: 'unknown', severitySource: 'nobody', weight: 0 };

/**
 * How bad a record says it is. One that says nothing is as bad as the CVEs behind it, an advisory for several each by itself.
 */
async function sayings(
  record: OsvRecord,
  affected: readonly OsvAffected[],
  upstream: ReadonlyMap<string, OsvRecord>,
): Promise<readonly Saying[]> {
  const judged = await judgeOsv(record, affected);
  if (judged !== undefined) return [{ id: record.id, judged }];
  const cves = record.names.filter(isCve);
  if (cves.length === 0) return [{ id: record.id, judged: UNJUDGED }];
  return Promise.all(
    cves.map(async (cve) => {
      const behind = upstream.get(cve);
      const theirs = behind === undefined ? undefined : await judgeOsv(behind, []);
      const isOne = cves.length === 1;
      return { id: isOne ? record.id : cve, judged: theirs ?? UNJUDGED };
    }),
  );
}

function about(
  { id, names }: OsvRecord,
  { name, version, purl, location }: Package,
  fixed: readonly string[],
  asked: string,
): Omit<Report, 'severity' | 'weight'> {
  const nearest = nearestFix(asked, fixed);
  return {
    id,
    package: name,
    version,
    purl,
    path: location.path,
    url: `https://osv.dev/vulnerability/${encodeURIComponent(id)}`,
    aliases: names,
    ...(nearest === undefined ? {} : { fixedIn: nearest }),
    ...(fixed.length < 2 ? {} : { fixedVersions: fixed }),
  };
}

/** Ubuntu's variants (`:LTS`, `:Pro:`) and a release that was asked for without its variant are one distribution. */
function isAbout({ ecosystem, name }: OsvAffected, query: OsvQuery): boolean {
  const asked = query.package;
  return (
    name === asked.name &&
    (ecosystem === asked.ecosystem ||
      asked.ecosystem.startsWith(`${ecosystem}:`) ||
      ecosystem.startsWith(`${asked.ecosystem}:`))
  );
}
