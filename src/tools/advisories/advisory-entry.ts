import { field, isObject, textField } from '../../model/json-value.ts';
import { err, ok, type Result } from '../../model/result.ts';
import { familyOf, isOsvId, packageName } from '../osv/osv-names.ts';
import { affectedOf, type OsvRecord, parseOsvRecord } from '../osv/osv-record.ts';
import { isCve } from '../scanners/alias-names.ts';
import { affectedVersions, type AffectedVersions } from './affected-versions.ts';

/** What a record says of one package of one release. */
export interface AdvisoryEntry {
  readonly release: string;
  readonly name: string;
  /** Its `affected` is about this package alone. */
  readonly record: OsvRecord;
  /** One for each of the record's `affected`. */
  readonly versions: readonly AffectedVersions[];
}

/** A record of an export, taken apart. */
export interface AdvisoryParts {
  readonly id: string;
  /** When it was last changed, milliseconds since 1970; 0 where it does not say. */
  readonly modified: number;
  readonly entries: readonly AdvisoryEntry[];
  /** The record without packages, where its own id is what others ask for. */
  readonly head?: OsvRecord;
}

/** The export of commits, whose records are the CVEs themselves. */
export const COMMITS = 'GIT';

const MOST_AFFECTED = 100_000;

/** True for a name that an ecosystem may have; it goes into paths and addresses. */
export function isFamily(name: string): boolean {
  return /^[A-Za-z][\w .-]{0,63}$/.test(name) && !/[. ]$/.test(name);
}

/** The file of an ecosystem's database in its folder. */
export function databaseFile(family: string): string {
  return `${encodeURIComponent(family)}.advisories`;
}

/** Ubuntu's long-term releases are filed with and without saying so. */
export function releaseOf(ecosystem: string): string {
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
