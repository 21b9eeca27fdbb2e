import { join } from 'node:path';
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
import { COMMITS } from './advisory-entry.ts';
import { releaseOf, databaseFile } from './advisory-names.ts';
import { isAffected } from './affected-versions.ts';
import { DamagedDatabase, AdvisoryReader } from './index-reader.ts';

/** Where OSV publishes its exports. */
export const OSV_EXPORTS = 'https://osv-vulnerabilities.storage.googleapis.com';

interface DatabaseRequest {
  /** Where the databases are. */
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
export async function scanWithDatabase(
  request: DatabaseRequest,
): Promise<Result<VulnerabilitiesFact>> {
  const databases = new Databases(request.folder);
  try {
    return await scan(databases, planOsv(request.packages, request.osRelease), request.now);
  } catch (error) {
    if (error instanceof DamagedDatabase)
      return err(`the database cannot be read: ${error.message}. Run: scoville db update`);
    throw error;
  } finally {
    databases.close();
  }
}

async function scan(
  databases: Databases,
  plan: OsvPlan,
  now: number,
): Promise<Result<VulnerabilitiesFact>> {
  const families = [...new Set(plan.ecosystems.map(familyOf))];
  const missing = families.filter((family) => databases.of(family) === undefined);
  if (families.length > 0 && missing.length === families.length)
    return err('no database of advisories here. Run: scoville db update');
  const found = answers(databases, plan);
  const records = new Map(found.records);
  const asked = addCves(databases, records);
  const vulnerabilities = onePerCve(await osvReports(plan, found.matches, records));
  const used = families.flatMap((family) => databases.of(family)?.meta ?? []);
  // Severities are of the export of commits, and as old as it is.
  const commits = asked > 0 ? databases.of(COMMITS)?.meta.date : undefined;
  const dates = [
    ...used.map(({ date }) => date),
    ...(commits === undefined ? [] : [commits]),
  ].sort();
  const gaps = [
    ...plan.gaps,
    ...missing.map((family) => `no database of ${family}. Run: scoville db update ${word(family)}`),
    ...plan.ecosystems
      .filter((name) => databases.of(name)?.meta.releases.includes(releaseOf(name)) === false)
      .map((name) => `the database has no data for ${name}`),
    ...found.unclear,
  ];
  return ok({
    scanner: scannerName(used.map(({ from }) => from)),
    scannerVersion: families.length === 0 ? 'exports' : families.join(', '),
    databaseDate: dates[0] ?? new Date(now).toISOString(),
    vulnerabilities,
    ...unratedField(
      vulnerabilities,
      databases.of(COMMITS) === undefined ? `Run: scoville db update ${COMMITS}` : undefined,
    ),
    suppressedByVex: 0,
    ...(gaps.length === 0 ? {} : { gaps }),
  });
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
  const matches: { question: number; id: string; modified: string }[] = [];
  const records = new Map<string, OsvRecord>();
  const unclear: string[] = [];
  for (const [question, { query, packages }] of plan.questions.entries()) {
    const { ecosystem, name } = query.package;
    const family = familyOf(ecosystem);
    const database = databases.of(family);
    const [first] = packages;
    if (database === undefined || first === undefined) continue;
    const order = VERSION_ORDERS[first.type];
    for (const release of new Set([releaseOf(ecosystem), family]))
      for (const { record, versions } of database.entries(release, packageName(family, name))) {
        const why = versions.find((one) => one.unclear !== undefined)?.unclear;
        if (why !== undefined) unclear.push(`${record.id} for ${name}: ${why}`);
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

/** Adds the CVEs behind records that say nothing of their severity; gives how many there are. */
function addCves(databases: Databases, records: Map<string, OsvRecord>): number {
  const silent = [...records.values()].filter((record) => !isJudged(record));
  const wanted = new Set(silent.flatMap(({ names }) => names.filter(isCve)));
  for (const id of wanted) {
    if (records.has(id)) continue;
    const record = databases.cve(id);
    if (record !== undefined) records.set(id, record);
  }
  return wanted.size;
}

/** The databases of a folder, each opened when it is first asked for. */
class Databases {
  readonly #folder: string;
  readonly #open = new Map<string, AdvisoryReader | undefined>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** An ecosystem's database; undefined if it was never fetched. Throws DamagedDatabase. */
  of(ecosystem: string): AdvisoryReader | undefined {
    const family = familyOf(ecosystem);
    if (!this.#open.has(family)) this.#open.set(family, this.#opened(family));
    return this.#open.get(family);
  }

  /** The record of a CVE itself, from the export of commits or one that was opened before. */
  cve(id: string): OsvRecord | undefined {
    for (const one of [this.of(COMMITS), ...this.#open.values()]) {
      const record = one?.record(id);
      if (record !== undefined) return record;
    }
    return undefined;
  }

  close(): void {
    for (const one of this.#open.values()) one?.close();
    this.#open.clear();
  }

  #opened(family: string): AdvisoryReader | undefined {
    try {
      const reader = new AdvisoryReader(join(this.#folder, databaseFile(family)));
      if (reader.meta.ecosystem === family) return reader;
      reader.close();
      return undefined;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    }
  }
}
