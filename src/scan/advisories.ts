import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, gunzipSync, gzipSync } from 'node:zlib';
import { err, errorCode, ok, type Result } from '../lib/errors.ts';
import { field, isObject, textField } from '../lib/json.ts';
import { groupBy } from '../lib/parallel.ts';
import type { VulnerabilitiesFact } from '../model/facts.ts';
import type { OsRelease, Package } from '../model/packages.ts';
import {
  affectedOf,
  familyOf,
  isJudged,
  isOsvId,
  type OsvPlan,
  type OsvQuery,
  type OsvRecord,
  osvReports,
  packageName,
  parseOsvRecord,
  planOsv,
  UNRATED,
} from './osv-records.ts';
import { isCve, scanFact } from './severity.ts';
import { VERSION_ORDERS, type VersionOrder } from './versions.ts';

const KINDS = ['introduced', 'last_affected', 'fixed', 'limit'] as const;

/** An event on the line of versions (OSV schema, `affected[].ranges[].events`). */
type VersionEvent = readonly [kind: number, version: string];

interface AffectedVersions {
  readonly versions: readonly string[];
  readonly ranges: readonly (readonly VersionEvent[])[];
  /** Why nobody can say which. */
  readonly unclear?: string;
}

const MOST_LISTED = 200_000;
const LONGEST = 1024;
const UNKNOWN = { versions: [], ranges: [] } as const;

/** Reads an `affected` entry's versions. Without ranges or versions it affects all versions. */
export function affectedVersions(affected: unknown): AffectedVersions {
  const versions = textsOf(field(affected, 'versions'));
  const listed = field(affected, 'ranges') ?? [];
  if (versions === undefined || !Array.isArray(listed))
    return { ...UNKNOWN, unclear: 'its versions are not a list of texts' };
  const ranges: (readonly VersionEvent[])[] = [];
  for (const range of listed as readonly unknown[]) {
    const type = field(range, 'type');
    // Commits of the source: no package states its own.
    if (type === 'GIT') continue;
    const events = type === 'SEMVER' || type === 'ECOSYSTEM' ? eventsOf(range) : undefined;
    if (events === undefined) return { ...UNKNOWN, unclear: 'a range of it cannot be read' };
    ranges.push(events);
  }
  if (versions.length === 0 && ranges.length === 0)
    return listed.length === 0
      ? { versions, ranges: [[[0, '0']]] }
      : { ...UNKNOWN, unclear: 'it names commits and no versions' };
  return { versions, ranges };
}

function textsOf(value: unknown): readonly string[] | undefined {
  const listed = value ?? [];
  if (!Array.isArray(listed) || listed.length > MOST_LISTED) return undefined;
  return listed.every((one) => typeof one === 'string' && one.length <= LONGEST)
    ? (listed as string[])
    : undefined;
}

/** Undefined where an event is not one of the schema's, or nothing is ever introduced. */
function eventsOf(range: unknown): readonly VersionEvent[] | undefined {
  const listed = field(range, 'events');
  if (!Array.isArray(listed) || listed.length > MOST_LISTED) return undefined;
  const events: VersionEvent[] = [];
  for (const event of listed as readonly unknown[]) {
    if (!isObject(event)) return undefined;
    for (const [name, version] of Object.entries(event)) {
      const kind = KINDS.findIndex((one) => one === name);
      if (kind < 0 || typeof version !== 'string' || version.length > LONGEST) return undefined;
      events.push([kind, version]);
    }
  }
  return events.some(([kind]) => kind === INTRODUCED) ? events : undefined;
}

const [INTRODUCED, LAST_AFFECTED, FIXED, LIMIT] = [0, 1, 2, 3];

/** True if a record affects this version: listed or in a range (OSV schema, "Evaluation"). */
export function isAffected(
  version: string,
  { versions, ranges }: AffectedVersions,
  order: VersionOrder,
): boolean {
  return (
    versions.includes(version) ||
    ranges.some((events) => isWithin(version, events, order)) ||
    versions.some((one) => order(one, version) === 0)
  );
}

function isWithin(version: string, events: readonly VersionEvent[], order: VersionOrder): boolean {
  const limits = events.filter(([kind]) => kind === LIMIT);
  const isBelow = limits.some(([, limit]) => limit === '*' || order(version, limit) < 0);
  if (limits.length > 0 && !isBelow) return false;
  const compare = (a: string, b: string): number =>
    a === '0' || b === '0' ? Number(b === '0') - Number(a === '0') : order(a, b);
  const sorted = events
    .filter(([kind]) => kind !== LIMIT)
    .toSorted(([kind, a], [other, b]) => compare(a, b) || kind - other);
  let isIn = false;
  // Introduced and fixed by one version: where it was affected before, it still is.
  let again = '';
  for (const [kind, at] of sorted) {
    const reached = at === '0' ? 1 : order(version, at);
    if (kind === INTRODUCED && reached >= 0) {
      again = isIn ? at : '';
      isIn = true;
    }
    if (kind === LAST_AFFECTED && reached > 0) isIn = false;
    if (kind === FIXED && reached >= 0) isIn = again !== '' && compare(again, at) === 0;
  }
  return isIn;
}

interface AdvisoryEntry {
  readonly release: string;
  readonly name: string;
  readonly record: OsvRecord;
  readonly versions: readonly AffectedVersions[];
}

export interface AdvisoryParts {
  readonly id: string;
  /** When it was last changed, milliseconds since 1970; 0 where it does not say. */
  readonly modified: number;
  readonly entries: readonly AdvisoryEntry[];
  /** The record without packages, where its own id is what others ask for. */
  readonly head?: OsvRecord;
}

/** The export of commits, whose records are the CVEs themselves. */
const COMMITS = 'GIT';

const MOST_AFFECTED = 100_000;

/** True for a name that an ecosystem may have; it goes into paths and addresses. */
export function isFamily(name: string): boolean {
  return /^[A-Za-z][\w .-]{0,63}$/.test(name) && !/[. ]$/.test(name);
}

export function databaseFile(family: string): string {
  return `${encodeURIComponent(family)}.advisories`;
}

/** Ubuntu's long-term releases are filed with and without saying so. */
function releaseOf(ecosystem: string): string {
  return ecosystem.replace(/^(Ubuntu:\d\d\.\d\d):LTS$/, '$1');
}

/**
 * Takes a record of the OSV schema apart, for the database of one ecosystem. Of other ecosystems'
 * packages nothing is kept; a withdrawn record has no entries. The error says what is wrong with
 * it: then the export is not one.
 */
export function advisoryParts(value: unknown, family: string): Result<AdvisoryParts> {
  const id = textField(value, 'id');
  if (!isObject(value) || id === undefined || !isOsvId(id)) return err('has no id of an advisory');
  const record = parseOsvRecord({ ...value, affected: [] }, id);
  const listed = value['affected'] ?? [];
  if (record === undefined || !Array.isArray(listed) || listed.length > MOST_AFFECTED)
    return err('is not a record of OSV');
  const parsed = Date.parse(textField(value, 'modified') ?? '');
  const modified = Number.isNaN(parsed) ? 0 : parsed;
  if (record.withdrawn) return ok({ id, modified, entries: [] });
  const entries = new Map<string, AdvisoryEntry>();
  for (const raw of listed as readonly unknown[]) {
    // Sources by their commits alone.
    if (field(raw, 'package') === undefined) continue;
    const [affected] = affectedOf(raw);
    if (affected === undefined) return err('names a package in another way than OSV does');
    if (familyOf(affected.ecosystem) !== family) continue;
    const release = releaseOf(affected.ecosystem);
    const name = packageName(family, affected.name);
    const key = `${release}\0${name}`;
    const before = entries.get(key);
    entries.set(key, {
      release,
      name,
      record: { ...record, affected: [...(before?.record.affected ?? []), affected] },
      versions: [...(before?.versions ?? []), affectedVersions(raw)],
    });
  }
  if (entries.size === 0 && family !== COMMITS) return err(`is not about ${family}`);
  const head = isCve(id) ? { head: record } : {};
  return ok({ id, modified, entries: [...entries.values()], ...head });
}

/**
 * A database of one ecosystem is one file, written once. First come parts by the hash of a key:
 * what records say of one package each, in lines of a key, a tab and JSON. Then comes what is known
 * of the whole, as JSON. The last 12 digits say where that begins. All but the digits is gzip.
 */
const PARTS = 1024;
const DIGITS = 12;
/** Bytes of lines that are packed together. */
const PACKED = 64 * 1024;
const MOST_ENTRIES = 8_000_000;
const MOST_META = 16 * 1024 * 1024;
/** Unpacked bytes of one part: the kernel's CVEs of all releases are some megabytes. */
const MOST_PART = 512 * 1024 * 1024;

export interface DatabaseMeta {
  readonly ecosystem: string;
  /** Base address or folder that the export came from. */
  readonly from: string;
  /** Of the export, RFC 3339. */
  readonly date: string;
  readonly fetched: string;
  readonly etag?: string;
  readonly records: number;
  readonly entries: number;
  /** Releases that it has something of: `Debian:13`. */
  readonly releases: readonly string[];
  /** By part: where it begins, its length, its CRC-32. */
  readonly parts: readonly (readonly [number, number, number])[];
}

export class DamagedDatabase extends Error {
  constructor() {
    super('it is damaged');
  }
}

export function packageKey(release: string, name: string): string {
  return JSON.stringify([release, name]);
}

/** The same for a record that is asked for by its id. */
function idKey(id: string): string {
  return JSON.stringify([id]);
}

function partOf(key: string): number {
  return createHash('sha256').update(key).digest().readUInt16BE() % PARTS;
}

export class AdvisoryWriter {
  readonly #lines = Array.from({ length: PARTS }, () => '');
  readonly #packed = Array.from({ length: PARTS }, (): Buffer[] => []);
  readonly #releases = new Set<string>();
  #entries = 0;
  #records = 0;

  /** Throws RangeError for more entries than any ecosystem has. */
  add({ entries, head, id }: AdvisoryParts): void {
    this.#records += 1;
    for (const entry of entries) {
      this.#releases.add(entry.release);
      this.#line(packageKey(entry.release, entry.name), entry);
    }
    if (head !== undefined)
      this.#line(idKey(id), { release: '', name: '', record: head, versions: [] });
  }

  end(about: Pick<DatabaseMeta, 'ecosystem' | 'from' | 'date' | 'fetched' | 'etag'>): {
    readonly meta: DatabaseMeta;
    readonly pieces: readonly Buffer[];
  } {
    const pieces: Buffer[] = [];
    let at = 0;
    const parts = this.#packed.map((packed, part) => {
      this.#pack(part);
      const bytes = Buffer.concat(packed);
      pieces.push(bytes);
      at += bytes.length;
      return [at - bytes.length, bytes.length, crc32(bytes)] as const;
    });
    const meta: DatabaseMeta = {
      ...about,
      records: this.#records,
      entries: this.#entries,
      releases: [...this.#releases].sort(),
      parts,
    };
    pieces.push(gzipSync(JSON.stringify(meta)));
    pieces.push(Buffer.from(String(at).padStart(DIGITS, '0')));
    return { meta, pieces };
  }

  #line(key: string, entry: AdvisoryEntry): void {
    if ((this.#entries += 1) > MOST_ENTRIES) throw new RangeError('it has too many entries');
    const part = partOf(key);
    const lines = `${this.#lines[part] ?? ''}${key}\t${JSON.stringify(entry)}\n`;
    this.#lines[part] = lines;
    if (lines.length > PACKED) this.#pack(part);
  }

  #pack(part: number): void {
    const lines = this.#lines[part] ?? '';
    if (lines !== '') this.#packed[part]?.push(gzipSync(lines, { level: 1 }));
    this.#lines[part] = '';
  }
}

/**
 * The description in a database. Throws DamagedDatabase, and the system's error where the file is
 * missing.
 */
export function databaseMeta(path: string): DatabaseMeta {
  return reading(path, (read, size) => {
    const at = Number(read(size - DIGITS, DIGITS).toString('latin1'));
    const text = gunzipSync(read(at, size - DIGITS - at), { maxOutputLength: MOST_META });
    // eslint-disable-next-line no-restricted-syntax -- our own database
    return JSON.parse(text.toString('utf8')) as DatabaseMeta;
  });
}

/** The entries of these keys, by key. Throws as `databaseMeta` does. */
export function databaseEntries(
  path: string,
  { parts }: DatabaseMeta,
  keys: ReadonlySet<string>,
): ReadonlyMap<string, readonly AdvisoryEntry[]> {
  const found = new Map<string, AdvisoryEntry[]>([...keys].map((key) => [key, []]));
  return reading(path, (read) => {
    for (const part of new Set([...keys].map(partOf))) {
      const [at = 0, length = 0, sum] = parts[part] ?? [];
      if (length === 0) continue;
      const packed = read(at, length);
      if (crc32(packed) !== sum) throw new DamagedDatabase();
      const text = gunzipSync(packed, { maxOutputLength: MOST_PART }).toString('utf8');
      for (const line of text.split('\n')) {
        const tab = line.indexOf('\t');
        const own = found.get(line.slice(0, Math.max(0, tab)));
        // eslint-disable-next-line no-restricted-syntax -- our own database
        own?.push(JSON.parse(line.slice(tab + 1)) as AdvisoryEntry);
      }
    }
    return found;
  });
}

type Read = (at: number, length: number) => Buffer;

/** Whatever cannot be read, unpacked or parsed in an open database is damage. */
function reading<T>(path: string, use: (read: Read, size: number) => T): T {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    return use((at, length) => {
      if (!(at >= 0 && length >= 0 && at + length <= size)) throw new DamagedDatabase();
      const bytes = Buffer.alloc(length);
      if (readSync(file, bytes, 0, length, at) !== length) throw new DamagedDatabase();
      return bytes;
    }, size);
  } catch {
    throw new DamagedDatabase();
  } finally {
    closeSync(file);
  }
}

export const OSV_EXPORTS = 'https://osv-vulnerabilities.storage.googleapis.com';

interface DatabaseRequest {
  readonly folder: string;
  readonly packages: readonly Package[];
  readonly osRelease: OsRelease | undefined;
  /** Present time, milliseconds since 1970: the date of an answer that needed no database. */
  readonly now: number;
}

/**
 * Known vulnerabilities of packages by the databases on this machine. Questions, records and counts
 * are those of the OSV API; which versions are affected is decided here. An error where no database
 * has anything of what is asked, or one is damaged. An ecosystem or release without data is a gap.
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
  const reports = await osvReports(plan, found.matches, records);
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
  return ok(
    scanFact(reports, {
      scanner: scannerName([...databases.values()].map(({ meta }) => meta.from)),
      scannerVersion: families.length === 0 ? 'exports' : families.join(', '),
      databaseDate: oldest ?? new Date(now).toISOString(),
      unrated:
        commits.size === 0 ? `scoville db update ${COMMITS} && scoville grade IMAGE` : UNRATED,
      gaps,
    }),
  );
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
  const keysOf = ({ package: { ecosystem, name } }: OsvQuery): readonly string[] => {
    const family = familyOf(ecosystem);
    return [...new Set([releaseOf(ecosystem), family])].map((release) =>
      packageKey(release, packageName(family, name)),
    );
  };
  const byFamily = groupBy(plan.questions, ({ query }) => familyOf(query.package.ecosystem));
  const entries = new Map(
    [...databases].map(([family, { path, meta }]) => {
      const asked = (byFamily.get(family) ?? []).flatMap(({ query }) => keysOf(query));
      return [family, databaseEntries(path, meta, new Set(asked))];
    }),
  );
  const matches: { question: number; id: string; modified: string }[] = [];
  const records = new Map<string, OsvRecord>();
  const unclear: string[] = [];
  for (const [question, { query, packages }] of plan.questions.entries()) {
    const [first] = packages;
    if (first === undefined) continue;
    const order = VERSION_ORDERS[first.type];
    const found = entries.get(familyOf(query.package.ecosystem));
    for (const { record, versions } of keysOf(query).flatMap((key) => found?.get(key) ?? [])) {
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
