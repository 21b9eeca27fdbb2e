import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { diskErrorIn } from '../lib/errors.ts';
import { host } from './disk.ts';
import { runs } from './owner.ts';

let swept: Promise<void> | undefined;

/** A new folder, `scoville-PURPOSE-HOST-PID-…`. The first one removes those of killed processes. */
export async function makeTemporaryFolder(purpose: string): Promise<string> {
  await (swept ??= sweep());
  return mkdtemp(join(tmpdir(), `scoville-${purpose}-${host()}-${process.pid}-`));
}

async function sweep(): Promise<void> {
  for (const name of await readdir(tmpdir()).catch(() => [])) {
    const [, where, pid] = /^scoville-[a-z]+-([\w.]+)-(\d+)-\w{6}$/.exec(name) ?? [];
    if (where === host() && !runs(Number(pid)))
      await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => undefined);
  }
}

/** Gives `use` a new folder; removes it and its content, even on errors. */
export async function inTemporaryFolder<T>(
  purpose: string,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = await makeTemporaryFolder(purpose);
  try {
    return await use(folder);
  } catch (error) {
    throw diskErrorIn(folder, error);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
