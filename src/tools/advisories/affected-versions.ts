import { field, isObject } from '../../model/json-value.ts';
import type { VersionOrder } from '../../versions/order.ts';

const KINDS = ['introduced', 'last_affected', 'fixed', 'limit'] as const;

/** An event on the line of versions (OSV schema, `affected[].ranges[].events`). */
type VersionEvent = readonly [kind: number, version: string];

/** Which versions of a package a record is about; plain JSON. */
export interface AffectedVersions {
  readonly versions: readonly string[];
  /** Events of each range. */
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
