import { createHash } from 'node:crypto';
import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolders } from '../../lib/make-folders.ts';
import { UserError } from '../../model/errors.ts';
import { CLOCK_FILES } from '../../plans/hermetic/sent-dockerfile.ts';
import type { Preload } from '../../plans/reproduce/steady-library.ts';

/** 2001-09-09. */
const OLD = 1_000_000_000;

/**
 * Writes what is mounted into each RUN: libraries, and the loader's list of them. Throws UserError
 * where there are none, as for another processor than those of x86-64 and arm64: a build that
 * silently saw the machine's clock would not be the one asked for.
 */
export async function writeClock(folder: string, written: readonly Preload[]): Promise<void> {
  if (written.length === 0)
    throw new UserError(`RUNs on ${process.arch} cannot be given another clock`, {
      nextStep: 'build on x86-64 or arm64, or with --repro=aggressive',
    });
  const { libraries, preload } = CLOCK_FILES;
  await makeFolders(join(folder, libraries.name));
  for (const { name, content } of written)
    await writeAged(join(folder, libraries.name, name), content);
  const list = written
    .filter(({ by }) => by !== 'neither')
    .map(({ name }) => `${libraries.target}/${name}\n`)
    .join('');
  await writeAged(join(folder, preload.name), Buffer.from(list));
}

/** Each content gets a time before 2010: BuildKit reuses a file whose size and time are equal. */
async function writeAged(path: string, content: Uint8Array): Promise<void> {
  const time = OLD + (createHash('sha256').update(content).digest().readUInt32BE(0) >>> 4);
  await writeFile(path, content, { mode: 0o755 });
  await utimes(path, time, time);
}
