import { hasControls } from '../../model/clean-text.ts';
import { field, isObject, listField, textField } from '../../model/json-value.ts';
import { isCve } from '../scanners/alias-names.ts';
import { isOsvId } from './osv-names.ts';

/** A severity as OSV states it: a vector by `CVSS_V3`, a word by `Ubuntu`. */
export interface OsvSeverity {
  readonly type: string;
  readonly score: string;
}

export interface OsvAffected {
  readonly ecosystem: string;
  readonly name: string;
  readonly fixed: readonly string[];
  readonly severity: readonly OsvSeverity[];
  /** Debian's urgency, or another word of the ecosystem's own. */
  readonly word?: string;
}

/** What is kept of a vulnerability's record: plain JSON, as the cache has it. */
export interface OsvRecord {
  readonly id: string;
  readonly withdrawn: boolean;
  /** Aliases and what it is a distribution's record of (`upstream`), together. */
  readonly names: readonly string[];
  readonly severity: readonly OsvSeverity[];
  /** GitHub's, or another database's, word. */
  readonly word?: string;
  readonly affected: readonly OsvAffected[];
}

const MOST_NAMES = 500;
const MOST_AFFECTED = 20_000;
const MOST_FIXES = 50;

/** Advisories that name their CVEs among what is related (AlmaLinux, SUSE). */
const NAMES_RELATED = /^(?:AL[SBE]A|R[LX]SA|ELSA|SUSE-|openSUSE-|MGASA-|OESA-)/;
/** Red Hat and its rebuilds begin the summary with it. */
const RATED_SUMMARY = /^(Critical|Important|Moderate|Low): /;

/** Reads a record of the OSV schema (1.x). Undefined where it is not the record of `id`. */
export function parseOsvRecord(value: unknown, id: string): OsvRecord | undefined {
  if (!isObject(value) || value['id'] !== id) return undefined;
  const named = [...ids(value, 'aliases'), ...ids(value, 'upstream')];
  const related =
    NAMES_RELATED.test(id) && !named.some(isCve) ? ids(value, 'related').filter(isCve) : [];
  const word =
    wordOf(value['database_specific']) ??
    RATED_SUMMARY.exec(textField(value, 'summary')?.slice(0, 20) ?? '')?.[1];
  return {
    id,
    withdrawn: textField(value, 'withdrawn') !== undefined,
    names: [...new Set([...named, ...related])].filter((name) => name !== id),
    severity: severities(value),
    ...(word === undefined ? {} : { word }),
    affected: listField(value, 'affected').slice(0, MOST_AFFECTED).flatMap(affectedOf),
  };
}

/** True for a record that the cache gave back; its inside was written by us. */
export function isOsvRecord(value: unknown, id: string): value is OsvRecord {
  return (
    isObject(value) &&
    value['id'] === id &&
    typeof value['withdrawn'] === 'boolean' &&
    ['names', 'severity', 'affected'].every((name) => Array.isArray(value[name]))
  );
}

/** What an entry of `affected` says of its package; none where it names none. */
export function affectedOf(value: unknown): readonly OsvAffected[] {
  const about = field(value, 'package');
  const ecosystem = textField(about, 'ecosystem');
  const name = textField(about, 'name');
  if (ecosystem === undefined || name === undefined) return [];
  const specific = field(value, 'ecosystem_specific');
  const word = shortText(field(specific, 'urgency')) ?? wordOf(specific);
  return [
    {
      ecosystem,
      name,
      fixed: fixesOf(value),
      severity: severities(value),
      ...(word === undefined ? {} : { word }),
    },
  ];
}

/** Versions that end a range; commits end the ranges of the source only. */
function fixesOf(affected: unknown): readonly string[] {
  const fixed = listField(affected, 'ranges')
    .filter((range) => textField(range, 'type') !== 'GIT')
    .flatMap((range) => listField(range, 'events'))
    .flatMap((event) => shortText(field(event, 'fixed')) ?? []);
  return [...new Set(fixed)].slice(0, MOST_FIXES);
}

function severities(value: unknown): readonly OsvSeverity[] {
  return listField(value, 'severity')
    .slice(0, 20)
    .flatMap((one) => {
      const type = shortText(field(one, 'type'));
      const score = shortText(field(one, 'score'));
      return type === undefined || score === undefined ? [] : [{ type, score }];
    });
}

function wordOf(specific: unknown): string | undefined {
  return shortText(field(specific, 'severity'));
}

function ids(value: unknown, name: string): readonly string[] {
  return listField(value, name)
    .slice(0, MOST_NAMES)
    .filter((id): id is string => typeof id === 'string' && isOsvId(id));
}

/** Text of a line at most, without control characters. */
function shortText(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '' || value.length > 256) return undefined;
  return hasControls(value) ? undefined : value;
}
