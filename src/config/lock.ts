import LOCK from '../../schema/scoville-lock-1.json' with { type: 'json' };
import { ok, type Result } from '../lib/errors.ts';
import { given } from '../lib/json.ts';
import type { Fetch } from '../model/build-analysis.ts';
import { type LockFile, LONGEST_LOCK } from '../model/lock.ts';
import type { Digest } from '../model/reference.ts';
import { type ConfigProblem, readDocument } from './document.ts';
import type { Schema } from './schema.ts';

/** Reads a `scoville.lock`, strictly: one that was merged badly enforces nothing. */
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

type Names<V> = Readonly<Record<string, V>>;

/** A lock as the file gives it, checked by the schema: names are keys of objects. */
type GivenLock = Pick<LockFile, 'dockerfile' | 'target' | 'epoch' | 'normaliser'> &
  Partial<Pick<LockFile, 'builder' | 'snapshots'>> & {
    readonly images?: Names<{
      readonly digest: Digest;
      readonly local?: boolean;
      readonly platforms?: Names<Digest>;
    }>;
    readonly start?: string;
    readonly remotes?: Names<string>;
    readonly packages?: Names<Names<readonly string[]>>;
    readonly fetches?: Names<readonly Fetch[]>;
    readonly incomplete?: Names<readonly string[]>;
  };

function lockOf(lock: GivenLock): LockFile {
  const { normaliser, builder = {}, snapshots = [], start, fetches, incomplete } = lock;
  const { dockerfile, target, epoch } = lock;
  return {
    normaliser,
    builder,
    snapshots,
    images: mapOf(lock.images, ({ digest, local = false, platforms }) => ({
      digest,
      local,
      platforms: mapOf(platforms, same),
    })),
    remotes: mapOf(lock.remotes, same),
    packages: mapOf(lock.packages, (types) => mapOf(types, same)),
    ...given({
      dockerfile,
      target,
      epoch,
      start: start === undefined ? undefined : Date.parse(start) / 1000,
      fetches: fetches && mapOf(fetches, same),
      incomplete: incomplete && mapOf(incomplete, same),
    }),
  };
}

function same<V>(value: V): V {
  return value;
}

function mapOf<V, T>(names: Names<V> = {}, of: (value: V) => T): ReadonlyMap<string, T> {
  return new Map(Object.entries(names).map(([name, value]) => [name, of(value)]));
}
