import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../model/errors.ts';
import { isThere } from '../../oci/blobs/disk.ts';
import {
  CLOCK_FILE_TIME,
  CLOCK_FILES,
  withTrueFileTimes,
} from '../../plans/reproduce/inject-clock.ts';
import type { Preload } from '../../plans/reproduce/preload/steady-library.ts';

/** Its name in the folder of libraries. */
const CLOCK_LIBRARY = 'libfaketime.so.1';

/** Where distributions put libfaketime, below /usr; the one for programs with threads. */
const FOLDERS = /^(?:lib|lib64|local\/lib|lib\/[a-z0-9_]+-linux-gnu[a-z0-9]*)$/;
const LIBRARY = 'faketime/libfaketimeMT.so.1';

/**
 * libfaketime of this machine. Throws UserError where it is not installed; `without` says what
 * cannot be.
 */
export async function findLibrary(without: string): Promise<string> {
  const below = await readdir('/usr/lib').catch(() => []);
  const folders = ['lib', 'lib64', 'local/lib', ...below.map((name) => `lib/${name}`)];
  for (const folder of folders.filter((name) => FOLDERS.test(name))) {
    const path = join('/usr', folder, LIBRARY);
    if (await isThere(path)) return path;
  }
  throw new UserError(`${without}: libfaketime is not installed`, {
    nextStep: 'on Debian and Ubuntu: apt-get install libfaketime',
  });
}

interface Clock {
  /** As libfaketime reads it. */
  readonly text: string;
  /** Time of the text's file, in seconds since 1970. Text of equal size needs another (timeOf). */
  readonly fileTime?: number;
  /** Libraries of our own. */
  readonly preloads?: readonly Preload[];
}

/**
 * Writes what is mounted into each RUN: libraries, the loader's list of them, and the clock. False
 * where libfaketime is of a version that does not leave file times alone.
 */
export async function writeClock(
  folder: string,
  library: string,
  { text, fileTime = CLOCK_FILE_TIME, preloads = [] }: Clock,
): Promise<boolean> {
  const { libraries, preload, clock } = CLOCK_FILES;
  const bytes = withTrueFileTimes(await readFile(library));
  if (bytes === undefined) return false;
  await mkdir(join(folder, libraries.name), { recursive: true });
  // libfaketime last: what it would answer itself has been answered.
  const written: readonly Preload[] = [...preloads, { name: CLOCK_LIBRARY, content: bytes }];
  for (const { name, content } of written) {
    const path = join(folder, libraries.name, name);
    await writeFile(path, content, { mode: 0o755 });
    await utimes(path, timeOf(content), timeOf(content));
  }
  const list = written
    .filter(({ by }) => by === undefined || by === 'file')
    .map(({ name }) => `${libraries.target}/${name}\n`)
    .join('');
  await writeFile(join(folder, preload.name), list);
  await writeFile(join(folder, clock.name), text);
  await utimes(join(folder, clock.name), fileTime, fileTime);
  return true;
}

/** Each content gets a time before 2010: BuildKit reuses a file whose size and time are equal. */
function timeOf(content: Uint8Array): number {
  return CLOCK_FILE_TIME + (createHash('sha256').update(content).digest().readUInt32BE(0) >>> 4);
}
