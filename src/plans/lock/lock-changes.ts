import type { LockChange, LockedPackages, LockFile } from '../../model/lock.ts';
import { rfc3339 } from '../epoch.ts';
import { fetchChanges } from './fetch-changes.ts';

/** In what two locks are not the same, in a stable order; who built it is not checked. */
export function lockChanges(before: LockFile, after: LockFile): readonly LockChange[] {
  const platforms = union(before.packages, after.packages);
  return [
    ...one('dockerfile', before.dockerfile, after.dockerfile),
    ...one('target', before.target, after.target),
    ...mapChanges('image', texts(before), texts(after)),
    ...one('epoch', epochText(before), epochText(after)),
    ...one('start', startText(before), startText(after)),
    ...one('normaliser', before.normaliser, after.normaliser),
    ...mapChanges('snapshot', snapshotDates(before.snapshots), snapshotDates(after.snapshots)),
    ...mapChanges('remote', before.remotes, after.remotes),
    ...platforms.flatMap((platform) =>
      packageChanges(platform, before.packages.get(platform), after.packages.get(platform)),
    ),
    ...fetchChanges(before.fetches, after.fetches),
  ];
}

/** Differences in a platform's packages; a single change if one side does not know the platform. */
export function packageChanges(
  platform: string,
  before: LockedPackages | undefined,
  after: LockedPackages | undefined,
): readonly LockChange[] {
  if (before === undefined || after === undefined) {
    if (before === after) return [];
    const count = `${countOf(before ?? after)} packages`;
    return [
      {
        subject: 'platform',
        name: platform,
        ...(before === undefined ? { after: count } : { before: count }),
      },
    ];
  }
  return union(before, after).flatMap((type) =>
    mapChanges('package', versions(before.get(type)), versions(after.get(type))).map((change) => ({
      ...change,
      name: `${type} ${change.name}`,
      platform,
    })),
  );
}

/** What changed from one map of texts to another, by name. */
export function mapChanges(
  subject: LockChange['subject'],
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): readonly LockChange[] {
  return union(before, after).flatMap((name) => {
    const [a, b] = [before.get(name), after.get(name)];
    return a === b ? [] : [changed(subject, name, a, b)];
  });
}

/** Snapshots by mirror, so that another date reads as a change of that mirror. */
function snapshotDates(snapshots: readonly string[]): ReadonlyMap<string, string> {
  return grouped(snapshots);
}

/** Several versions of one package are shown together: `4.17.20, 4.17.21`. */
function versions(lines: readonly string[] = []): ReadonlyMap<string, string> {
  return grouped(lines);
}

function grouped(lines: readonly string[]): ReadonlyMap<string, string> {
  const all = new Map<string, string[]>();
  for (const line of lines) {
    const space = line.indexOf(' ');
    const name = space < 0 ? line : line.slice(0, space);
    all.set(name, [...(all.get(name) ?? []), line.slice(name.length + 1)]);
  }
  return new Map([...all].map(([name, list]) => [name, list.toSorted().join(', ')]));
}

function one(
  subject: LockChange['subject'],
  before: string | undefined,
  after: string | undefined,
): readonly LockChange[] {
  return before === after ? [] : [changed(subject, '', before, after)];
}

function changed(
  subject: LockChange['subject'],
  name: string,
  before: string | undefined,
  after: string | undefined,
): LockChange {
  return {
    subject,
    name,
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
  };
}

/** An image as one text: its digest, and that it is the engine's own where it is. */
function texts({ images }: LockFile): ReadonlyMap<string, string> {
  return new Map(
    [...images].map(([name, { digest, local }]) => [
      name,
      local ? `${digest} (the engine's own)` : digest,
    ]),
  );
}

function startText({ start }: LockFile): string | undefined {
  return start === undefined ? undefined : rfc3339(start);
}

function epochText({ epoch }: LockFile): string | undefined {
  return epoch === undefined ? undefined : String(epoch.seconds);
}

function countOf(packages: LockedPackages | undefined): number {
  return [...(packages?.values() ?? [])].reduce((sum, list) => sum + list.length, 0);
}

function union(a: ReadonlyMap<string, unknown>, b: ReadonlyMap<string, unknown>): string[] {
  return [...new Set([...a.keys(), ...b.keys()])].sort();
}
