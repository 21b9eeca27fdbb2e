import { type Digest, parseDigest } from '../model/digest.ts';
import type { Fetch } from '../model/fetches.ts';
import { type LockedImage, type LockFile, LONGEST_LOCK } from '../model/lock.ts';
import { err, ok, type Result } from '../model/result.ts';
import { LOCK_TABLE } from './lock-table.ts';
import type { ConfigProblem } from './problem.ts';
import { readDocument } from './read-document.ts';
import { readNode, report } from './read-node.ts';

const MOST_ITEMS = 100_000;

/**
 * Reads the text of a `scoville.lock`. Everything that its table does not know is a problem with
 * line and column, aliases and duplicate keys too; a lock that was merged badly enforces nothing.
 */
export async function parseLock(
  text: string,
  file: string,
): Promise<Result<LockFile, readonly ConfigProblem[]>> {
  const opened = await readDocument(text, {
    file,
    longest: LONGEST_LOCK,
    mostAliases: 0,
    mostItems: MOST_ITEMS,
  });
  if (!opened.ok) return opened;
  const reading = opened.value;
  const root = reading.document.contents as Parameters<typeof readNode>[0];
  reading.yaml.visit(reading.document, {
    Alias: (_, node) => {
      report(node as Parameters<typeof report>[0], 'a lock has no aliases', reading);
      return reading.yaml.visit.BREAK;
    },
  });
  const value = readNode(root, { kind: 'object', fields: LOCK_TABLE }, '', reading);
  return reading.problems.length > 0 || value === undefined
    ? err(reading.problems)
    : ok(lockOf(value as unknown as GivenLock));
}

type Texts = Readonly<Record<string, string>>;

/** A lock as the file gives it: checked against the table. */
interface GivenLock {
  readonly dockerfile?: string;
  readonly target?: string;
  readonly images?: Readonly<Record<string, GivenImage>>;
  readonly epoch?: LockFile['epoch'];
  readonly start?: string;
  readonly builder?: LockFile['builder'];
  readonly normaliser: string;
  readonly snapshots?: readonly string[];
  readonly remotes?: Texts;
  readonly packages?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  readonly fetches?: Readonly<Record<string, readonly Fetch[]>>;
  readonly incomplete?: Readonly<Record<string, readonly string[]>>;
}

interface GivenImage {
  readonly digest: string;
  readonly local?: boolean;
  readonly platforms?: Texts;
}

function lockOf(given: GivenLock): LockFile {
  const { dockerfile, target, epoch, start, packages = {}, fetches, incomplete } = given;
  return {
    ...(dockerfile === undefined ? {} : { dockerfile }),
    ...(target === undefined ? {} : { target }),
    images: new Map(Object.entries(given.images ?? {}).flatMap(lockedImage)),
    ...(epoch === undefined ? {} : { epoch }),
    ...(start === undefined ? {} : { start: Date.parse(start) / 1000 }),
    builder: given.builder ?? {},
    normaliser: given.normaliser,
    snapshots: given.snapshots ?? [],
    remotes: new Map(Object.entries(given.remotes ?? {})),
    packages: new Map(
      Object.entries(packages).map(([platform, types]) => [
        platform,
        new Map(Object.entries(types)),
      ]),
    ),
    ...(fetches === undefined ? {} : { fetches: new Map(Object.entries(fetches)) }),
    ...(incomplete === undefined ? {} : { incomplete: new Map(Object.entries(incomplete)) }),
  };
}

function lockedImage([name, given]: readonly [string, GivenImage]): [string, LockedImage][] {
  const digest = parseDigest(given.digest);
  if (digest === undefined) return [];
  const platforms = Object.entries(given.platforms ?? {}).flatMap(
    ([platform, text]): [string, Digest][] => {
      const found = parseDigest(text);
      return found === undefined ? [] : [[platform, found]];
    },
  );
  return [[name, { digest, local: given.local === true, platforms: new Map(platforms) }]];
}
