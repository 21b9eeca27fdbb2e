import LOCK from '../../schema/scoville-lock-1.json' with { type: 'json' };
import { ok, type Result } from '../lib/errors.ts';
import type { Fetch } from '../model/build-analysis.ts';
import { type LockedImage, type LockFile, LONGEST_LOCK } from '../model/lock.ts';
import { type Digest, parseDigest } from '../model/reference.ts';
import { type ConfigProblem, readDocument } from './document.ts';
import type { Schema } from './schema.ts';

/**
 * Reads the text of a `scoville.lock`. Everything that its schema does not know is a problem with
 * line and column, aliases and duplicate keys too; a lock that was merged badly enforces nothing.
 */
export async function parseLock(
  text: string,
  file: string,
): Promise<Result<LockFile, readonly ConfigProblem[]>> {
  const read = await readDocument(text, file, {
    schema: LOCK as unknown as Schema,
    check: () => import('schema-check:scoville-lock-1'),
    longest: LONGEST_LOCK,
    mostAliases: 0,
  });
  return read.ok ? ok(lockOf(read.value.value as GivenLock)) : read;
}

type Texts = Readonly<Record<string, string>>;

/** A lock as the file gives it: checked by the schema. */
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
