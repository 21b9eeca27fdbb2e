import { type FileHandle, open, readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { type CacheHome, orWarn } from '../image/caches.ts';
import { makeFolder, replaceFile, writeBeside } from '../image/disk.ts';
import { parseStrictJson } from '../image/formats/json.ts';
import { MalformedRecord } from '../image/formats/sqlite.ts';
import {
  LARGEST_HEADER,
  memberContent,
  zipDirectory,
  type ZipMember,
} from '../image/formats/zip.ts';
import { claimAlone, whileAlone } from '../image/owner.ts';
import { HttpSender } from '../image/registry/http.ts';
import { messageOf, ProxyError, UserError } from '../lib/errors.ts';
import { given } from '../lib/json.ts';
import { DAY_MS } from '../lib/time.ts';
import type { PipelineContext } from '../model/context.ts';
import { decoded } from '../model/packages.ts';
import {
  type AdvisoryParts,
  advisoryParts,
  AdvisoryWriter,
  databaseFile,
  databaseMeta,
  type DatabaseMeta,
  isFamily,
  OSV_EXPORTS,
} from './advisories.ts';
import { databaseFolder } from './database-folder.ts';
import { familyOf } from './osv-records.ts';

function seenFolder({ paths }: CacheHome): string {
  return join(paths.cache, 'advisories', 'seen');
}

/** Notes, once a day, the ecosystems of an image's packages: their databases are worth fetching. */
export async function noteEcosystems(
  context: CacheHome & Pick<PipelineContext, 'now'>,
  ecosystems: readonly string[],
): Promise<void> {
  const folder = seenFolder(context);
  for (const family of new Set(ecosystems.map(familyOf).filter(isFamily))) {
    const mark = join(folder, encodeURIComponent(family));
    const last = await stat(mark).catch(() => undefined);
    if (last !== undefined && Math.abs(context.now() - last.mtimeMs) < DAY_MS) continue;
    await orWarn(context, async () => {
      await makeFolder(folder);
      await writeBeside(mark, '');
      await utimes(mark, context.now() / 1000, context.now() / 1000);
    });
  }
}

async function seenEcosystems(home: CacheHome): Promise<ReadonlyMap<string, number>> {
  const folder = seenFolder(home);
  const names = (await readdir(folder).catch(() => [])).map(decoded).filter(isFamily).sort();
  const seen = new Map<string, number>();
  for (const name of names) {
    const found = await stat(join(folder, encodeURIComponent(name))).catch(() => undefined);
    if (found !== undefined) seen.set(name, found.mtimeMs);
  }
  return seen;
}

interface ExportState {
  readonly etag?: string;
  readonly modified?: number;
}

interface ExportRequest {
  readonly url: string;
  /** Where the bytes go. */
  readonly part: string;
  readonly etag: string | undefined;
  readonly userAgent: string;
  readonly signal: AbortSignal;
  readonly onBytes: (done: number, total: number | undefined) => void;
}

const MOST_BYTES = 8 * 1024 ** 3;

/**
 * Downloads an export. Undefined where the database that is there is of this export. Throws
 * UserError where it cannot be had.
 */
export async function fetchExport(request: ExportRequest): Promise<ExportState | undefined> {
  const { url, part, etag: known, userAgent, signal, onBytes } = request;
  const failed = (why: string, cause?: unknown): UserError =>
    new UserError(`cannot fetch ${url}: ${why}`, {
      cause,
      nextStep:
        (cause instanceof ProxyError ? cause.nextStep : undefined) ??
        'run it again, or download it by other means: scoville db update --from FOLDER',
    });
  const sender = new HttpSender({ registry: new URL(url).host, signal });
  try {
    const headers = {
      'user-agent': userAgent,
      // What is packed on the way has other bytes than the file.
      'accept-encoding': 'identity',
      ...(known === undefined ? {} : { 'if-none-match': known }),
    };
    const response = await sender.send(new URL(url), { headers, redirect: 'follow' });
    if (url.startsWith('https:') && !response.url.startsWith('https:'))
      throw failed('it redirects to an address without TLS');
    if (response.status !== 200) await response.body?.cancel();
    if (response.status === 304) return undefined;
    if (response.status !== 200) throw failed(`it answered ${response.status}`);
    const length = response.headers.get('content-length');
    const total = length === null ? undefined : Number(length);
    // eslint-disable-next-line no-restricted-syntax -- a part of a download in our own folder
    const file = await open(part, 'w');
    let done = 0;
    try {
      for await (const value of sender.content(response)) {
        signal.throwIfAborted();
        done += value.length;
        if (done > MOST_BYTES) throw failed('it is larger than 8 GiB');
        await file.appendFile(value);
        onBytes(done, total);
      }
    } finally {
      await file.close();
    }
    if (total !== undefined && done !== total) throw failed('the transfer was cut off');
    const etag = response.headers.get('etag') ?? '';
    const modified = Date.parse(response.headers.get('last-modified') ?? '');
    return given({
      // A weak one does not promise the same bytes.
      etag: /^"[\x21\x23-\x7e]{1,200}"$/.test(etag) ? etag : undefined,
      modified: Number.isNaN(modified) ? undefined : modified,
    });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof UserError && !(error instanceof ProxyError)) throw error;
    const said = messageOf(error);
    const isHidden = said === 'fetch failed' && error instanceof Error;
    throw failed(isHidden ? messageOf(error.cause ?? error) : said, error);
  }
}

/** A record of a kernel's CVE for all releases is some megabytes. */
const MOST_RECORD = 64 * 1024 * 1024;
const MOST_RECORDS = 4_000_000;
const MOST_UNPACKED = 64 * 1024 ** 3;
/** The directory is found from the end; of half a million records it takes some 40 MB. */
const TAILS = [1, 16, 256].map((mib) => mib * 1024 * 1024);
const BLOCK = 4 * 1024 * 1024;

/** A record of an export, and how far in the file it ends. */
interface ExportRecord extends AdvisoryParts {
  /** When it was last changed or packed, milliseconds since 1970. */
  readonly newest: number;
  readonly done: number;
}

/**
 * The records of an export (`all.zip`), one by one. Throws MalformedRecord where OSV would not have
 * written it. Members overlap or are damaged, a name does not fit the id, or a record is repeated,
 * too large, of another ecosystem, or not strict JSON.
 */
async function* exportRecords(
  file: FileHandle,
  size: number,
  family: string,
): AsyncGenerator<ExportRecord> {
  const members = await membersOf(file, size);
  const ids = new Set<string>();
  let held: Buffer = Buffer.alloc(0);
  let heldAt = 0;
  let free = 0;
  for (const member of members) {
    const reach = Math.min(size, member.local + LARGEST_HEADER + member.packed);
    if (member.local < free) throw new MalformedRecord('its members overlap');
    if (reach > heldAt + held.length) {
      held = await bytesAt(file, member.local, Math.min(size, reach + BLOCK) - member.local);
      heldAt = member.local;
    }
    const from = member.local - heldAt;
    const { content, end } = memberContent(held.subarray(from), member);
    free = member.local + end;
    const parts = recordOf(content, member.name, family);
    if (ids.has(parts.id)) throw new MalformedRecord(`${parts.id} is there twice`);
    ids.add(parts.id);
    yield { ...parts, newest: Math.max(parts.modified, packedAt(member)), done: free };
  }
}

function recordOf(content: Buffer, name: string, family: string): AdvisoryParts {
  const what = JSON.stringify(name.slice(0, 150));
  const value = parseStrictJson(content, what, MOST_RECORD);
  if (!value.ok) throw new MalformedRecord(value.error);
  const parts = advisoryParts(value.value, family);
  if (!parts.ok) throw new MalformedRecord(`${what} ${parts.error}`);
  if (name !== `${parts.value.id}.json`)
    throw new MalformedRecord(`${what} is the record of ${parts.value.id}`);
  return parts.value;
}

/** DOS date and time (APPNOTE.TXT 4.4.6), read as UTC. */
function packedAt({ time }: ZipMember): number {
  const bits = (from: number, count: number): number => (time >>> from) & (2 ** count - 1);
  const day = [1980 + bits(25, 7), bits(21, 4) - 1, bits(16, 5)] as const;
  return Date.UTC(...day, bits(11, 5), bits(5, 6), 2 * bits(0, 5));
}

async function membersOf(file: FileHandle, size: number): Promise<readonly ZipMember[]> {
  for (const tail of TAILS) {
    const before = Math.max(0, size - tail);
    const directory = zipDirectory(await bytesAt(file, before, size - before), before);
    if (directory === undefined && before > 0) continue;
    if (directory === undefined || directory.behind !== 0) break;
    const { members } = directory;
    if (members.length === 0) throw new MalformedRecord('it has no records');
    if (members.length > MOST_RECORDS) throw new MalformedRecord('it has too many records');
    const large = members.find((one) => Math.max(one.size, one.packed) > MOST_RECORD);
    if (large !== undefined)
      throw new MalformedRecord(`${JSON.stringify(large.name.slice(0, 150))} is too large`);
    if (members.reduce((sum, one) => sum + one.size, 0) > MOST_UNPACKED)
      throw new MalformedRecord('it unpacks to too much');
    return members.toSorted((a, b) => a.local - b.local);
  }
  throw new MalformedRecord('it is not a zip archive, or cut off');
}

async function bytesAt(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  let taken = 0;
  while (taken < length) {
    const { bytesRead } = await file.read(bytes, taken, length - taken, at + taken);
    if (bytesRead === 0) throw new MalformedRecord('it is cut off');
    taken += bytesRead;
  }
  return bytes;
}

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

function readableMeta(path: string): DatabaseMeta | undefined {
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
  try {
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
    const copied = from !== OSV_EXPORTS;
    return state && (await make(context, request, path, part, { ...state, copied }));
  } finally {
    await rm(part, { force: true });
  }
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
          ...given({ etag }),
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

export interface DatabaseState {
  readonly ecosystem: string;
  readonly meta?: DatabaseMeta;
  readonly bytes: number;
  /** When an image with packages of it was last graded, milliseconds since 1970. */
  readonly seen?: number;
}

type Home = Pick<PipelineContext, 'paths' | 'now'>;

const SUFFIX = '.advisories';

export async function listDatabases(home: Home): Promise<readonly DatabaseState[]> {
  const folder = databaseFolder(home);
  const files = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(SUFFIX));
  const seen = await seenEcosystems(home);
  const names = files.map((name) => decodeURIComponent(name.slice(0, -SUFFIX.length)));
  return Promise.all(
    [...new Set([...names, ...seen.keys()])].sort().map(async (ecosystem) => {
      const path = join(folder, databaseFile(ecosystem));
      const meta = readableMeta(path);
      const last = seen.get(ecosystem);
      return { ecosystem, bytes: await sizeOf(path), ...given({ meta, seen: last }) };
    }),
  );
}

/** Named ones go; else those that no image was graded with for `unusedMs`. Gives what went. */
export async function pruneDatabases(
  home: Home,
  named: readonly string[],
  unusedMs: number,
): Promise<readonly DatabaseState[]> {
  const gone: DatabaseState[] = [];
  for (const state of await listDatabases(home)) {
    const { ecosystem, seen, meta } = state;
    const last = Math.max(seen ?? 0, Date.parse(meta?.fetched ?? '') || 0);
    const goes = named.length > 0 ? named.includes(ecosystem) : home.now() - last > unusedMs;
    if (goes && (await remove(home, ecosystem))) gone.push(state);
  }
  return gone;
}

/** False where an update is under way. */
async function remove(home: Home, ecosystem: string): Promise<boolean> {
  const path = join(databaseFolder(home), databaseFile(ecosystem));
  if ((await sizeOf(path)) === 0 && (await sizeOf(`${path}.part`)) === 0) return false;
  const lock = `${path}.lock`;
  if (!(await claimAlone(lock))) return false;
  try {
    for (const end of ['', '.part']) await rm(`${path}${end}`, { force: true });
    return true;
  } finally {
    await rm(lock, { force: true });
  }
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
