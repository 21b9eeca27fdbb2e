import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Descriptor } from '../../model/oci.ts';
import { errorCode } from '../blobs/disk.ts';
import { writeBeside } from '../blobs/replace-file.ts';
import { parseIndex } from '../documents.ts';
import { entryName } from '../image-index.ts';

const RECORD = 'build.json';
export const OWNER = 'owner.json';

/** A finished build of the store. */
export interface StoredBuild {
  readonly id: string;
  /** The OCI layout folder. */
  readonly dir: string;
  /** Milliseconds since 1970. */
  readonly finishedAt: number;
  /** Full names, `docker.io/library/app:1`. */
  readonly names: readonly string[];
  /** Entries of its index.json: images first, once a name, then referrers. */
  readonly manifests: readonly Descriptor[];
}

/** Marks the build in `dir` as finished. buildx leaves its own index.json in unfinished ones. */
export async function writeRecord(dir: string, finishedAt: number): Promise<void> {
  await writeBeside(join(dir, RECORD), JSON.stringify({ schemaVersion: 1, finishedAt }));
}

/** What was read of an index.json, by its bytes as text. */
export type ReadIndexes = Map<string, readonly Descriptor[]>;

/**
 * The build in `dir`, undefined where it is not finished, cannot be read, or its index does not
 * contain `about`. A store has hundreds of builds, and reading a document strictly costs more than
 * finding a text in it.
 */
export async function readRecord(
  id: string,
  dir: string,
  about: string,
  known: ReadIndexes,
): Promise<StoredBuild | undefined> {
  const index = await readOptional(join(dir, 'index.json'));
  if (index?.includes(about) !== true) return undefined;
  const record = await readOptional(join(dir, RECORD));
  if (record === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(record.toString('utf8'));
    if (typeof value !== 'object' || value === null || !('finishedAt' in value)) return undefined;
    if (typeof value.finishedAt !== 'number') return undefined;
    const text = index.toString('latin1');
    const manifests = known.get(text) ?? parseIndex(index, 'index.json').manifests;
    known.set(text, manifests);
    const names = manifests.map(entryName).filter((name) => name !== undefined);
    return { id, dir, finishedAt: value.finishedAt, names, manifests };
  } catch {
    return undefined;
  }
}

async function readOptional(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(errorCode(error) ?? '')) return undefined;
    throw error;
  }
}
