import { join } from 'node:path';
import { errorCode } from '../../model/errors.ts';
import type { VulnerabilitiesFact } from '../../model/facts.ts';
import type { OsRelease, Package } from '../../model/packages.ts';
import { err, ok, type Result } from '../../model/result.ts';
import { VERSION_ORDERS } from '../../versions/order.ts';
import { familyOf, packageName } from '../osv/osv-names.ts';
import { type OsvPlan, planOsv } from '../osv/osv-queries.ts';
import type { OsvRecord } from '../osv/osv-record.ts';
import { osvReports } from '../osv/osv-reports.ts';
import { isJudged, unratedField } from '../osv/osv-severity.ts';
import { isCve } from '../scanners/alias-names.ts';
import { onePerCve } from '../scanners/one-per-cve.ts';
import { COMMITS, databaseFile, releaseOf } from './advisory-entry.ts';
import { isAffected } from './affected-versions.ts';
import {
  DamagedDatabase,
  databaseEntries,
  databaseMeta,
  type DatabaseMeta,
  idKey,
  packageKey,
} from './database-file.ts';

export const OSV_EXPORTS = 'https://osv-vulnerabilities.storage.googleapis.com';

interface DatabaseRequest {
  readonly folder: string;
  readonly packages: readonly Package[];
  readonly osRelease: OsRelease | undefined;
  /** Present time, milliseconds since 1970: the date of an answer that needed no database. */
  readonly now: number;
}

/**
 * Known vulnerabilities of packages by the databases on this machine: the questions, the records
 * and the counting are those of the OSV API, and which versions are affected is decided here. An
 * error where no database has anything of what is asked, or one is damaged. An ecosystem or release
 * without data is a gap.
 */
export async function scanWithDatabase({
  folder,
  packages,
  osRelease,
  now,
}: DatabaseRequest): Promise<Result<VulnerabilitiesFact>> {
  try {
    return await scan(folder, planOsv(packages, osRelease), now);
  } catch (error) {
    if (error instanceof DamagedDatabase)
      return err(`the database cannot be read: ${error.message}. Run: scoville db update`);
    throw error;
  }
}

interface Database {
  readonly path: string;
  readonly meta: DatabaseMeta;
}

type Databases = ReadonlyMap<string, Database>;

/** An ecosystem's database; none if it was never fetched. Throws DamagedDatabase. */
function databaseOf(folder: string, family: string): readonly (readonly [string, Database])[] {
  const path = join(folder, databaseFile(family));
  try {
    const meta = databaseMeta(path);
    return meta.ecosystem === family ? [[family, { path, meta }]] : [];
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

async function scan(
  folder: string,
  plan: OsvPlan,
  now: number,
): Promise<Result<VulnerabilitiesFact>> {
  const families = [...new Set(plan.ecosystems.map(familyOf))];
  const databases: Databases = new Map(families.flatMap((family) => databaseOf(folder, family)));
  if (families.length > 0 && databases.size === 0)
    return err('no database of advisories here. Run: scoville db update');
  const commits = new Map(databaseOf(folder, COMMITS));
  const found = answers(databases, plan);
  const records = new Map(found.records);
  const asked = addCves([...commits.values(), ...databases.values()], records);
  const vulnerabilities = onePerCve(await osvReports(plan, found.matches, records));
  // Severities are of the export of commits, and as old as it is.
  const used = [...databases.values(), ...(asked > 0 ? commits.values() : [])];
  const [oldest] = used.map(({ meta }) => meta.date).sort();
  const gaps = [
    ...plan.gaps,
    ...families
      .filter((family) => !databases.has(family))
      .map((family) => `no database of ${family}. Run: scoville db update ${word(family)}`),
    ...plan.ecosystems
      .filter((name) => lacks(databases.get(familyOf(name)), releaseOf(name)))
      .map((name) => `the database has no data for ${name}`),
    ...found.unclear,
  ];
  return ok({
    scanner: scannerName([...databases.values()].map(({ meta }) => meta.from)),
    scannerVersion: families.length === 0 ? 'exports' : families.join(', '),
    databaseDate: oldest ?? new Date(now).toISOString(),
    vulnerabilities,
    ...unratedField(
      vulnerabilities,
      commits.size === 0 ? `Run: scoville db update ${COMMITS}` : undefined,
    ),
    suppressedByVex: 0,
    ...(gaps.length === 0 ? {} : { gaps }),
  });
}

function lacks(database: Database | undefined, release: string): boolean {
  return database?.meta.releases.includes(release) === false;
}

/** The first that is not OSV's own address is shown. */
function scannerName(from: readonly string[]): string {
  const other = from.find((address) => address !== OSV_EXPORTS);
  return other === undefined ? 'OSV database' : `OSV database from ${other}`;
}

function word(family: string): string {
  return family.includes(' ') ? `'${family}'` : family;
}

/** Which records are about the versions that are asked for. */
function answers(databases: Databases, plan: OsvPlan) {
  const keys = new Map<string, Set<string>>();
  const asked = plan.questions.map(({ query }) => {
    const { ecosystem, name } = query.package;
    const family = familyOf(ecosystem);
    const own = [...new Set([releaseOf(ecosystem), family])].map((release) =>
      packageKey(release, packageName(family, name)),
    );
    const all = keys.get(family) ?? new Set<string>();
    for (const key of own) all.add(key);
    keys.set(family, all);
    return { family, own };
  });
  const entries = new Map(
    [...databases].map(([family, { path, meta }]) => [
      family,
      databaseEntries(path, meta, keys.get(family) ?? new Set()),
    ]),
  );
  const matches: { question: number; id: string; modified: string }[] = [];
  const records = new Map<string, OsvRecord>();
  const unclear: string[] = [];
  for (const [question, { query, packages }] of plan.questions.entries()) {
    const { family = '', own = [] } = asked[question] ?? {};
    const [first] = packages;
    if (first === undefined) continue;
    const order = VERSION_ORDERS[first.type];
    for (const { record, versions } of own.flatMap((key) => entries.get(family)?.get(key) ?? [])) {
      const why = versions.find((one) => one.unclear !== undefined)?.unclear;
      if (why !== undefined) unclear.push(`${record.id} for ${query.package.name}: ${why}`);
      if (!versions.some((one) => isAffected(query.version, one, order))) continue;
      const before = records.get(record.id);
      records.set(record.id, {
        ...record,
        affected: [...(before?.affected ?? []), ...record.affected],
      });
      matches.push({ question, id: record.id, modified: '' });
    }
  }
  return { matches, records, unclear };
}

/**
 * Adds the CVEs behind records that say nothing of their severity, from the first database that has
 * them; gives how many there are.
 */
function addCves(databases: readonly Database[], records: Map<string, OsvRecord>): number {
  const silent = [...records.values()].filter((record) => !isJudged(record));
  const wanted = new Set(silent.flatMap(({ names }) => names.filter(isCve)));
  for (const { path, meta } of databases) {
    const missing = new Set([...wanted].filter((id) => !records.has(id)).map(idKey));
    for (const [found] of databaseEntries(path, meta, missing).values())
      if (found !== undefined) records.set(found.record.id, found.record);
  }
  return wanted.size;
}
