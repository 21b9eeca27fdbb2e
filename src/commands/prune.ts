import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { EXIT } from '../model/errors.ts';
import { quantity, bytesText } from '../model/quantity.ts';
import { boundCaches } from '../oci/layout/caches.ts';
import { openStore } from '../oci/layout/layout-store.ts';
import { command } from './flags.ts';
import { pathsOf } from './paths.ts';
import { writeProse } from './prose.ts';
import { PRUNE } from './small-specs.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** `scoville prune`. */
export const prune = command(PRUNE, async (flags, _, io) => {
  const { all, dryRun } = flags;
  const options = {
    all,
    keepPerName: flags.keep,
    olderThan: flags.olderThan * DAY_MS,
    dryRun,
    now: io.now(),
  };
  const paths = pathsOf(io);
  const result = await openStore(paths.store, io.now).then((store) => store.prune(options));
  // A running build writes into the caches too.
  const cacheBytes =
    all && result.runningBuilds.length === 0
      ? await pruneCaches(paths.cache, dryRun)
      : dryRun
        ? 0
        : await boundCaches(paths.cache);
  const freedBytes = result.freedBytes + cacheBytes;
  if (flags.json) io.writeOut(`${JSON.stringify({ ...result, freedBytes })}\n`);
  else {
    const verb = dryRun ? 'would free' : 'freed';
    writeProse(
      io,
      `${verb} ${bytesText(freedBytes)}: ${quantity(result.removedBuilds.length, 'build')}, ${quantity(result.removedBlobs, 'blob')}\n`,
    );
    if (result.runningBuilds.length > 0)
      io.writeErr(
        `scoville: ${result.runningBuilds.length} builds are running; their blobs stay until the next prune\n`,
      );
  }
  return EXIT.met;
});

/** What nobody can fetch again: recordings of builds. */
const KEPT = 'fetches';

/** Removes what is filled again when it is asked for, and gives its bytes; `dryRun` only counts. */
async function pruneCaches(folder: string, dryRun: boolean): Promise<number> {
  const caches = (await readdir(folder).catch(() => [])).filter((name) => name !== KEPT);
  let bytes = 0;
  for (const cache of caches) {
    for (const name of [
      '.',
      ...(await readdir(join(folder, cache), { recursive: true }).catch(() => [])),
    ])
      bytes += await stat(join(folder, cache, name)).then(
        (found) => (found.isFile() ? found.size : 0),
        () => 0,
      );
    if (!dryRun) await rm(join(folder, cache), { recursive: true, force: true });
  }
  return bytes;
}
