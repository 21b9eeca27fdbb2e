import { given } from '../lib/json.ts';
import { byCodeUnit, oneLine, quantity } from '../lib/text.ts';
import {
  fetchedFiles,
  type Fetches,
  packageOfAddress,
  requestText,
} from '../model/build-analysis.ts';
import type { LockChange, LockedPackages, LockFile, LockSubject } from '../model/lock.ts';
import { rfc3339 } from './annotations.ts';

type Texts = ReadonlyMap<string, string>;

/** In what two locks are not the same, in a stable order; who built it is not checked. */
export function lockChanges(before: LockFile, after: LockFile): readonly LockChange[] {
  const of = (subject: LockSubject, textsOf: (lock: LockFile) => Texts) =>
    mapChanges(subject, textsOf(before), textsOf(after));
  const one = (subject: LockSubject, textOf: (lock: LockFile) => string | undefined) =>
    of(subject, (lock) => new Map(Object.entries(given({ '': textOf(lock) }))));
  const platforms = new Set([...before.packages.keys(), ...after.packages.keys()]);
  const [a, b] = [answersOf(before.fetches), answersOf(after.fetches)];
  return [
    ...one('dockerfile', ({ dockerfile }) => dockerfile),
    ...one('target', ({ target }) => target),
    ...of('image', ({ images }) =>
      textsOf(images, ({ digest, local }) => (local ? `${digest} (the engine's own)` : digest)),
    ),
    ...one('epoch', ({ epoch }) => epoch && String(epoch.seconds)),
    ...one('start', ({ start }) => (start === undefined ? undefined : rfc3339(start))),
    ...one('normaliser', ({ normaliser }) => normaliser),
    ...of('snapshot', ({ snapshots }) => byFirstWord(snapshots)),
    ...of('remote', ({ remotes }) => remotes),
    ...[...platforms]
      .sort()
      .flatMap((name) => packageChanges(name, before.packages.get(name), after.packages.get(name))),
    ...mapChanges('fetch', answerTexts(a, b), answerTexts(b, a)),
  ];
}

function textsOf<V>(entries: Iterable<[string, V]>, of: (value: V, name: string) => string): Texts {
  return new Map([...entries].map(([name, value]) => [name, of(value, name)]));
}

export function mapChanges(
  subject: LockSubject,
  before: Texts,
  after: Texts,
  platform?: string,
): readonly LockChange[] {
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((name) => before.get(name) !== after.get(name))
    .sort(byCodeUnit)
    .map((name) => ({
      subject,
      name,
      ...given({ platform, before: before.get(name), after: after.get(name) }),
    }));
}

/** Differences in a platform's packages; a single change if one side does not know the platform. */
export function packageChanges(
  platform: string,
  before: LockedPackages | undefined,
  after: LockedPackages | undefined,
): readonly LockChange[] {
  const counts = [before, after].map(
    (all) => all && quantity([...all.values()].flat().length, 'package'),
  );
  if (before === undefined || after === undefined)
    return [
      { subject: 'platform', name: platform, ...given({ before: counts[0], after: counts[1] }) },
    ];
  return mapChanges('package', versionsOf(before), versionsOf(after), platform);
}

/** By type and name; several versions of one package together: `4.17.20, 4.17.21`. */
function versionsOf(packages: LockedPackages): Texts {
  const found = [...packages].map(([type, lines]) =>
    [...byFirstWord(lines)].map(([name, texts]) => [`${type} ${name}`, texts] as const),
  );
  return new Map(found.flat());
}

function byFirstWord(lines: readonly string[]): Texts {
  const all = new Map<string, string[]>();
  for (const line of lines) {
    const [name = ''] = line.split(' ', 1);
    all.set(name, [...(all.get(name) ?? []), line.slice(name.length + 1)]);
  }
  return textsOf(all, (list) => list.toSorted().join(', '));
}

/** Digests by version of a package, or under no version for all else, by stage and name. */
type Answers = ReadonlyMap<string, ReadonlyMap<string, ReadonlySet<string>>>;

/** A recording by stage: packages by name and version, all else by its request. */
function answersOf(fetches: Fetches = new Map()): Answers {
  const all = new Map<string, Map<string, Set<string>>>();
  const add = (name: string, version: string, digest: string): void => {
    const versions = all.get(name) ?? new Map<string, Set<string>>();
    all.set(name, versions.set(version, (versions.get(version) ?? new Set()).add(digest)));
  };
  const named = new Set<unknown>();
  for (const { fetch, stage, asked } of fetchedFiles(fetches)) {
    const found = packageOfAddress(asked);
    if (found?.version === undefined) continue;
    named.add(fetch);
    add(`${stage}: ${found.type} ${found.name}`, found.version, fetch.digest);
  }
  for (const [stage, list] of fetches)
    for (const fetch of list)
      if (!named.has(fetch)) add(`${stage}: ${requestText(fetch)}`, '', fetch.digest);
  return all;
}

/** Versions, with digests where the other side has other bytes for the same version. */
function answerTexts(own: Answers, other: Answers): Texts {
  const text = (digests: ReadonlySet<string>): string => [...digests].sort().join(' ');
  return textsOf(own, (versions, name) =>
    [...versions]
      .map(([version, digests]) => {
        const isSame = text(digests) === text(other.get(name)?.get(version) ?? digests);
        return version !== '' && isSame ? version : `${version} ${text(digests)}`.trim();
      })
      .sort(byCodeUnit)
      .join(', '),
  );
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
  const arrow =
    before === undefined
      ? `new, ${after ?? ''}`
      : after === undefined
        ? `gone, was ${before}`
        : `${before} → ${after}`;
  return oneLine(`${named}${where}: ${arrow}${fixed}`);
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
