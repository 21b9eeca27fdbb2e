import { fetchedFiles, packageOfAddress } from '../../model/fetched-package.ts';
import { type Fetches, requestText } from '../../model/fetches.ts';
import type { LockChange } from '../../model/lock.ts';
import { byCodeUnit } from '../../model/order.ts';

/** Versions of a package, or answers to a request, with the digests of each. */
type Answers = Map<string, Set<string>>;

/**
 * In what two recordings differ, by stage: packages by name and version first, then everything else
 * that was answered otherwise (indexes, metadata, files without a version) by its request.
 */
export function fetchChanges(
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
