import { EXIT, UserError } from '../model/errors.ts';
import { quantity } from '../model/quantity.ts';
import { openStore } from '../oci/layout/layout-store.ts';
import { boundCaches } from '../pipeline/bound-caches.ts';
import { bytesText } from '../ui/units.ts';
import { readFlags, wholeNumber } from './flags.ts';
import { usageLine } from './help.ts';
import type { Command } from './io.ts';
import { pathsOf } from './paths.ts';
import { pruneCaches } from './prune-caches.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const HELP = `Usage: scoville prune [--all] [--keep N] [--older-than DAYS] [--dry-run] [--json]

Frees what earlier builds left in the layout: builds that a newer one of the same name has replaced, blobs that no
remaining build reaches, and what a killed build left half written. A build that runs is never touched.

  --keep N            builds to keep of each name, the newest first (1)
  --older-than DAYS   leave younger builds alone (0)
  --all               every build goes, and the caches too
  --dry-run           say what would go, remove nothing
  --json              the result as JSON on stdout
`;

/** `scoville prune`. */
export const prune: Command = async (args, io) => {
  const { values, positionals } = readFlags('prune', args, {
    all: { type: 'boolean', default: false },
    keep: { type: 'string', default: '1' },
    'older-than': { type: 'string', default: '0' },
    'dry-run': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  });
  if (values.help) {
    io.writeOut(HELP);
    return EXIT.met;
  }
  if (positionals.length > 0)
    throw new UserError('prune takes no names', { nextStep: usageLine('prune') });
  const dryRun = values['dry-run'];
  const options = {
    all: values.all,
    keepPerName: wholeNumber('keep', values.keep, 1_000_000),
    olderThan: wholeNumber('older-than', values['older-than'], 36_500) * DAY_MS,
    dryRun,
    now: io.now(),
  };
  const paths = pathsOf(io);
  const result = await openStore(paths.store, io.now).then((store) => store.prune(options));
  // A running build writes into the caches too.
  const cacheBytes =
    values.all && result.runningBuilds.length === 0
      ? await pruneCaches(paths.cache, dryRun)
      : dryRun
        ? 0
        : await boundCaches(paths.cache);
  const freedBytes = result.freedBytes + cacheBytes;
  if (values.json) io.writeOut(`${JSON.stringify({ ...result, freedBytes })}\n`);
  else {
    const verb = dryRun ? 'would free' : 'freed';
    io.writeOut(
      `${verb} ${bytesText(freedBytes)}: ${quantity(result.removedBuilds.length, 'build')}, ${quantity(result.removedBlobs, 'blob')}\n`,
    );
    if (result.runningBuilds.length > 0)
      io.writeErr(
        `scoville: ${result.runningBuilds.length} builds are running; their blobs stay until the next prune\n`,
      );
  }
  return EXIT.met;
};
