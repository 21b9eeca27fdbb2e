import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { makeFolders } from '../../lib/make-folders.ts';
import { errorCode, isThere, makeFolder } from '../../oci/blobs/disk.ts';
import { claimAlone } from '../../oci/layout/owner.ts';
import { mirrorFolder, type MirrorRecord } from './mirror-folder.ts';

/** A context beside the user's own, with other modes, for as long as a build reads it. */
export interface StagedContext {
  readonly directory: string;
  /** It was not there before. */
  readonly isNew: boolean;
  readonly release: () => Promise<void>;
}

const SCHEMA = 1;
/** The file in such a folder that says who uses it. */
export const CLAIM = 'claim';

/**
 * Makes or refreshes the folder in `home` that stands for the context `directory`: tracked files as
 * copies with the modes given, all else as hard links to the files themselves; with `time` all is
 * copied. It keeps its place and its name, so that BuildKit is sent only what has changed since the
 * last build. While another build holds it, a folder of this build's own is made and removed again.
 * Throws where a file cannot be read, or the disk is full.
 */
export async function stageContext(options: {
  readonly home: string;
  readonly directory: string;
  readonly modes: ReadonlyMap<string, number>;
  /** Seconds since 1970, for all that is in it; its own times where undefined. */
  readonly time?: number | undefined;
  readonly isIgnored: (folder: string) => boolean;
  readonly now: () => number;
  readonly signal: AbortSignal;
}): Promise<StagedContext> {
  const source = await realpath(options.directory);
  const subject = options.time === undefined ? source : `${source}\0${options.time}`;
  const key = createHash('sha256').update(subject).digest('hex').slice(0, 16);
  await makeFolder(options.home);
  const home = await realpath(options.home);
  if (`${home}/`.startsWith(`${source}/`)) throw new Error(`${home} is part of the context`);
  const { folder, isKept } = await claimedFolder(home, key);
  const directory = join(folder, basename(source) === '' ? 'context' : basename(source));
  const release = (): Promise<void> =>
    rm(isKept ? join(folder, CLAIM) : folder, { recursive: true, force: true });
  try {
    if (options.time !== undefined) await unnamed(directory);
    const isNew = !(await isThere(directory));
    await makeFolders(directory, { mode: 0o755 });
    const file = join(folder, 'record.json');
    const before = await readRecord(file);
    const { record, mark } = await mirrorFolder({ ...options, source, target: directory, before });
    await writeFile(file, JSON.stringify({ schema: SCHEMA, source, record }));
    return {
      directory: options.time === undefined ? directory : await named(directory, mark),
      isNew: isNew && isKept,
      release,
    };
  } catch (error) {
    await release();
    throw error;
  }
}

/**
 * Where all files have one time, BuildKit would take another content of the same size for what it
 * has of the folder of this name: so each state gets a name.
 */
async function named(directory: string, mark: string): Promise<string> {
  const path = `${directory}-${mark}`;
  await rename(directory, path);
  return path;
}

/** Back to its first name. */
async function unnamed(directory: string): Promise<void> {
  const start = `${basename(directory)}-`;
  for (const name of await readdir(dirname(directory)))
    if (name.startsWith(start)) await rename(join(dirname(directory), name), directory);
}

/** A context's kept folder, or one for this build. Builds never share, even within a process. */
async function claimedFolder(
  home: string,
  key: string,
): Promise<{ readonly folder: string; readonly isKept: boolean }> {
  for (let isKept = true; ; isKept = false) {
    const folder = join(home, isKept ? key : `${key}-${randomBytes(6).toString('hex')}`);
    await makeFolder(folder);
    try {
      if (await claimAlone(join(folder, CLAIM))) return { folder, isKept };
    } catch (error) {
      // It was removed since: what nobody claims, may be.
      if (errorCode(error) !== 'ENOENT') throw error;
    }
  }
}

/** What was copied when; empty where it cannot be read, and all is copied again. */
async function readRecord(file: string): Promise<MirrorRecord> {
  try {
    const read = JSON.parse(await readFile(file, 'utf8')) as { schema: number; record: object };
    return read.schema === SCHEMA ? (read.record as MirrorRecord) : {};
  } catch {
    return {};
  }
}
