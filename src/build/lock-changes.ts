import { byCodeUnit, oneLine, quantity } from '../lib/text.ts';
import {
  fetchedFiles,
  type Fetches,
  packageOfAddress,
  requestText,
} from '../model/build-analysis.ts';
import type { LockChange, LockedPackages, LockFile, LockSubject } from '../model/lock.ts';
import { rfc3339 } from './annotations.ts';

/** Versions of a package, or answers to a request, with the digests of each. */
type Answers = Map<string, Set<string>>;

/**
 * In what two recordings differ, by stage: packages by name and version first, then everything else
 * that was answered otherwise (indexes, metadata, files without a version) by its request.
 */
function fetchChanges(
  before: Fetches = new Map(),
  after: Fetches = new Map(),
): readonly LockChange[] {
  const [a, b] = [grouped(before), grouped(after)];
  return [
    ...differences(a.packages, b.packages, versionTexts),
    ...differences(a.requests, b.requests, digestTexts),
  ];
}

function grouped(fetches: Fetches): {
  readonly packages: ReadonlyMap<string, Answers>;
  readonly requests: ReadonlyMap<string, Answers>;
} {
  const packages = new Map<string, Answers>();
  const named = new Set<unknown>();
  for (const { fetch, stage, asked } of fetchedFiles(fetches)) {
    const found = packageOfAddress(asked);
    if (found?.version === undefined) continue;
    named.add(fetch);
    add(packages, `${stage}: ${found.type} ${found.name}`, found.version, fetch.digest);
  }
  const requests = new Map<string, Answers>();
  for (const [stage, list] of fetches)
    for (const fetch of list)
      if (!named.has(fetch)) add(requests, `${stage}: ${requestText(fetch)}`, '', fetch.digest);
  return { packages, requests };
}

function add(to: Map<string, Answers>, name: string, version: string, digest: string): void {
  const answers = to.get(name) ?? new Map<string, Set<string>>();
  to.set(name, answers);
  answers.set(version, (answers.get(version) ?? new Set()).add(digest));
}

function differences(
  before: ReadonlyMap<string, Answers>,
  after: ReadonlyMap<string, Answers>,
  texts: (answers: Answers | undefined, other: Answers | undefined) => string | undefined,
): readonly LockChange[] {
  return [...new Set([...before.keys(), ...after.keys()])].sort(byCodeUnit).flatMap((name) => {
    const [old, now] = [before.get(name), after.get(name)];
    const [was, is] = [texts(old, now), texts(now, old)];
    if (was === is) return [];
    return [
      {
        subject: 'fetch',
        name,
        ...(was === undefined ? {} : { before: was }),
        ...(is === undefined ? {} : { after: is }),
      } as const,
    ];
  });
}

/** `1.2.3`, or with digests where the other side has other bytes for the same version. */
function versionTexts(
  answers: Answers | undefined,
  other: Answers | undefined,
): string | undefined {
  if (answers === undefined) return undefined;
  return [...answers]
    .map(([version, digests]) => {
      const own = [...digests].sort().join(' ');
      const others = [...(other?.get(version) ?? digests)].sort().join(' ');
      return own === others ? version : `${version} ${own}`;
    })
    .sort(byCodeUnit)
    .join(', ');
}

function digestTexts(answers: Answers | undefined): string | undefined {
  return answers === undefined
    ? undefined
    : [...answers.values()].flatMap((digests) => [...digests]).join(', ');
}

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
  return groupedOfLockChanges(snapshots);
}

/** Several versions of one package are shown together: `4.17.20, 4.17.21`. */
function versions(lines: readonly string[] = []): ReadonlyMap<string, string> {
  return groupedOfLockChanges(lines);
}

function groupedOfLockChanges(lines: readonly string[]): ReadonlyMap<string, string> {
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

const NOUN: Readonly<Record<LockSubject, string>> = {
  image: 'image',
  epoch: 'epoch',
  start: 'time of RUNs',
  normaliser: 'normalizer rules',
  snapshot: 'snapshot of',
  remote: 'remote',
  package: 'package',
  fetch: 'fetch',
  target: 'target',
  dockerfile: 'Dockerfile',
  platform: 'platform',
};

/** Lines of drift or changes that are shown; the rest is counted. */
const MOST_LINES = 1000;

/** A change on a line: `package deb curl (linux/amd64): 8.1 → 8.2`. Without control characters. */
export function changeText(change: LockChange): string {
  const { subject, name, platform, before, after, fixes = [] } = change;
  const named = [NOUN[subject], name].filter((part) => part !== '').join(' ');
  const where = platform === undefined ? '' : ` (${platform})`;
  const fixed = fixes.length === 0 ? '' : `, fixes ${fixes.join(', ')}`;
  return oneLine(`${named}${where}: ${arrow(before, after)}${fixed}`);
}

export function changeLines(changes: readonly LockChange[]): readonly string[] {
  const shown = changes.slice(0, MOST_LINES).map(changeText);
  const left = changes.length - shown.length;
  return left > 0 ? [...shown, `and ${left} more`] : shown;
}

export function updateSummary(
  file: string,
  changes: readonly LockChange[] | undefined,
  totals: { readonly images: number; readonly packages: number },
): string {
  const holds = `${quantity(totals.images, 'image')}, ${quantity(totals.packages, 'package')}`;
  const path = oneLine(file);
  if (changes === undefined) return `${path}: written; ${holds}\n`;
  if (changes.length === 0) return `${path}: unchanged; ${holds}\n`;
  const lines = changeLines(changes).map((line) => `  ${line}\n`);
  return `${path}: ${quantity(changes.length, 'change')}; ${holds}\n${lines.join('')}`;
}

function arrow(before: string | undefined, after: string | undefined): string {
  if (before === undefined) return `new, ${after ?? ''}`;
  return after === undefined ? `gone, was ${before}` : `${before} → ${after}`;
}
