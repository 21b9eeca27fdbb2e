import { open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { MalformedRecord } from '../../formats/malformed-record.ts';
import { UserError } from '../../model/errors.ts';
import { makeFolder } from '../../oci/blobs/disk.ts';
import { replaceFile } from '../../oci/blobs/replace-file.ts';
import { whileAlone } from '../../oci/layout/owner.ts';
import { databaseFile, isFamily } from '../../tools/advisories/advisory-entry.ts';
import {
  AdvisoryWriter,
  databaseMeta,
  type DatabaseMeta,
} from '../../tools/advisories/database-file.ts';
import { OSV_EXPORTS } from '../../tools/advisories/scan-database.ts';
import type { PipelineContext } from '../context.ts';
import { databaseFolder } from './database-folder.ts';
import { fetchExport, type ExportState } from './fetch-export.ts';
import { exportRecords } from './read-export.ts';

/** How far an update is, in bytes of the export. */
export interface UpdateProgress {
  readonly ecosystem: string;
  readonly step: 'fetch' | 'read';
  readonly done: number;
  readonly total: number | undefined;
}

interface UpdateRequest {
  readonly ecosystem: string;
  /** An http or https address without a slash at the end, or a folder. */
  readonly from: string;
  readonly onProgress: (progress: UpdateProgress) => void;
}

/** A database as it is now, and whether this run made it. */
export interface Updated {
  readonly meta: DatabaseMeta;
  readonly isNew: boolean;
}

/**
 * Makes the database of one ecosystem of its export, or leaves the one that is of the same export.
 * Of two at once the second waits and finds the work done. The new file is put in place when all of
 * it was read: a bad export changes nothing. Throws UserError.
 */
export async function updateDatabase(
  context: PipelineContext,
  request: UpdateRequest,
): Promise<Updated> {
  const { ecosystem } = request;
  if (!isFamily(ecosystem))
    throw new UserError(`${JSON.stringify(ecosystem)} is not the name of an ecosystem`, {
      nextStep: 'scoville db update --help',
    });
  const folder = databaseFolder(context);
  await makeFolder(folder);
  const path = join(folder, databaseFile(ecosystem));
  return whileAlone(`${path}.lock`, context.signal, async () => {
    const before = readableMeta(path);
    const made = /^https?:/.test(request.from)
      ? await fromServer(context, request, path, before)
      : await fromFolder(context, request, path);
    if (made !== undefined) return { meta: made, isNew: true };
    if (before !== undefined) return { meta: before, isNew: false };
    throw new UserError(`${request.from} says that nothing changed, and there was nothing before`);
  });
}

/** The description in a database; undefined where none can be read. */
export function readableMeta(path: string): DatabaseMeta | undefined {
  try {
    return databaseMeta(path);
  } catch {
    return undefined;
  }
}

async function fromServer(
  context: PipelineContext,
  request: UpdateRequest,
  path: string,
  before: DatabaseMeta | undefined,
): Promise<DatabaseMeta | undefined> {
  const { ecosystem, from, onProgress } = request;
  const part = `${path}.part`;
  const state = await fetchExport({
    url: `${from}/${encodeURIComponent(ecosystem)}/all.zip`,
    part,
    etag: before?.from === from ? before.etag : undefined,
    userAgent: `scoville/${context.version}`,
    signal: context.signal,
    onBytes: (done, total) => {
      onProgress({ ecosystem, step: 'fetch', done, total });
    },
  });
  if (state !== undefined) {
    const copied = from !== OSV_EXPORTS;
    const meta = await make(context, request, path, part, { ...state, copied }).catch(
      async (error: unknown) => {
        // What is wrong with it does not get better by going on from its end.
        if (error instanceof UserError) await dropPart(part);
        throw error;
      },
    );
    await dropPart(part);
    return meta;
  }
  await dropPart(part);
  return undefined;
}

async function dropPart(part: string): Promise<void> {
  await rm(part, { force: true });
  await rm(`${part}.json`, { force: true });
}

async function fromFolder(
  context: PipelineContext,
  request: UpdateRequest,
  path: string,
): Promise<DatabaseMeta> {
  const file = join(request.from, request.ecosystem, 'all.zip');
  const found = await stat(file).catch(() => undefined);
  if (found?.isFile() !== true)
    throw new UserError(`no such file: ${file}`, {
      nextStep: `download ECOSYSTEM/all.zip into ${request.from}`,
    });
  return make(context, request, path, file, { modified: found.mtimeMs, copied: true });
}

async function make(
  context: PipelineContext,
  { ecosystem, from, onProgress }: UpdateRequest,
  path: string,
  exported: string,
  { etag, modified, copied = false }: ExportState & { readonly copied?: boolean },
): Promise<DatabaseMeta> {
  const source = await open(exported, 'r');
  let meta: DatabaseMeta | undefined;
  try {
    const { size } = await source.stat();
    await replaceFile(
      path,
      async (file) => {
        const writer = new AdvisoryWriter();
        let newest = 0;
        for await (const record of exportRecords(source, size, ecosystem)) {
          context.signal.throwIfAborted();
          newest = Math.max(newest, record.newest);
          writer.add(record);
          onProgress({ ecosystem, step: 'read', done: record.done, total: size });
        }
        const now = context.now();
        // A copy, a mirror's too, has the time of copying: the date inside is older, and counts.
        const said =
          modified === undefined || copied ? Math.min(newest, modified ?? now) : modified;
        const written = writer.end({
          ecosystem,
          from,
          date: new Date(Math.min(said, now)).toISOString(),
          fetched: new Date(now).toISOString(),
          ...(etag === undefined ? {} : { etag }),
        });
        meta = written.meta;
        for (const piece of written.pieces) await file.appendFile(piece);
      },
      { sync: true },
    );
  } catch (error) {
    context.signal.throwIfAborted();
    if (error instanceof MalformedRecord || error instanceof RangeError)
      throw new UserError(`the export of ${ecosystem} from ${from} was refused: ${error.message}`, {
        cause: error,
        nextStep: 'fetch it again, or from another place: scoville db update --from URL|FOLDER',
      });
    throw error;
  } finally {
    await source.close();
  }
  if (meta === undefined) throw new UserError(`the export of ${ecosystem} has no records`);
  return meta;
}
