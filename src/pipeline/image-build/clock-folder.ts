import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isThere } from '../../oci/blobs/disk.ts';
import {
  CLOCK_FILE_TIME,
  CLOCK_FILES,
  withTrueFileTimes,
} from '../../plans/reproduce/inject-clock.ts';

/** Where distributions put libfaketime, below /usr; the one for programs with threads. */
const FOLDERS = /^(?:lib|lib64|local\/lib|lib\/[a-z0-9_]+-linux-gnu[a-z0-9]*)$/;
const LIBRARY = 'faketime/libfaketimeMT.so.1';

/** libfaketime of this machine; undefined where it is not installed. */
export async function findLibrary(): Promise<string | undefined> {
  const below = await readdir('/usr/lib').catch(() => []);
  const folders = ['lib', 'lib64', 'local/lib', ...below.map((name) => `lib/${name}`)];
  for (const folder of folders.filter((name) => FOLDERS.test(name))) {
    const path = join('/usr', folder, LIBRARY);
    if (await isThere(path)) return path;
  }
  return undefined;
}

/**
 * Writes what is mounted into each RUN: the library, the loader's list, and the clock as `text`, a file of the time `fileTime` (seconds since 1970). Another text
 * of the same size needs another time: BuildKit takes a file of the same size and time for the one that it has. False where the library is none that
 * leaves file times alone.
 */
export async function writeClock(
  folder: string,
  library: string,
  text: string,
  fileTime = CLOCK_FILE_TIME,
): Promise<boolean> {
  const { library: so, preload, clock } = CLOCK_FILES;
  const bytes = withTrueFileTimes(await readFile(library));
  if (bytes === undefined) return false;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, so.name), bytes, { mode: 0o755 });
  await writeFile(join(folder, preload.name), `${so.target}\n`);
  await writeFile(join(folder, clock.name), text);
  await utimes(join(folder, clock.name), fileTime, fileTime);
  return true;
}
