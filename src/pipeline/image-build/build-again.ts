import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Recording } from '../../model/fetches.ts';
import { buildPaths } from '../../plans/build-plan.ts';
import { secondBuild } from '../../plans/reproduce/second-build.ts';
import type { PipelineContext } from '../context.ts';
import { gitModes } from '../contexts/context-modes.ts';
import { type CopiedContext, copyContext } from '../contexts/copy-context.ts';
import type { FinalImage } from '../image-under-build.ts';
import { normaliseBuilt } from './normalise-built.ts';
import type { Prepared } from './prepare-build.ts';
import { exportOf, runHermetic } from './run-hermetic.ts';
import { sendGitModes } from './send-modes.ts';

/** Milliseconds between the builds: seconds change, and so do a zip file's two-second ticks. */
const CLOCK_MOVES = 2100;

/** Builds and normalizes; says what RUNs fetched if recorded. An exit code where buildx failed. */
export async function buildOnce(
  context: PipelineContext,
  prepared: Prepared,
): Promise<(FinalImage & { readonly recording: Recording | undefined }) | number> {
  const { plan, store } = prepared;
  const { exitCode, recording } = await runHermetic(context, prepared);
  if (exitCode !== 0) return exitCode;
  const image = await normaliseBuilt(context, prepared, await exportOf(plan, store.blobs));
  return { ...image, recording };
}

/**
 * Builds once more into `dir`, without a cache, from a copy of the context in another folder with
 * other times and another umask. `change` is given the second build before it runs, and `words`
 * gets it. Throws UserError where the context cannot be copied.
 */
export async function buildElsewhere(
  context: PipelineContext,
  prepared: Prepared,
  dir: string,
  words = '',
  change: (second: Prepared) => Promise<Prepared> = (second) => Promise.resolve(second),
): Promise<FinalImage | number> {
  // A quick RUN that writes the time would else write the same one twice.
  await setTimeout(CLOCK_MOVES, undefined, { signal: context.signal }).catch(() => {
    context.signal.throwIfAborted();
  });
  const { directory } = prepared.source;
  const copy = directory === undefined ? undefined : await copied(context, prepared, directory);
  context.emit({
    kind: 'notice',
    text: `building again without a cache${copy === undefined ? '' : `, from ${copy.directory}`}${words}`,
  });
  try {
    const plan = secondBuild(prepared.plan, buildPaths(dir), copy?.directory);
    // The copy has its modes; named contexts are where they were. Of one time all are sent, from
    // beside the copy, which is removed with it.
    const isSteady = plan.steady !== undefined;
    const source = { ...prepared.source, directory: isSteady ? copy?.directory : undefined };
    const again = { ...prepared, plan, source };
    const sent =
      isSteady && copy !== undefined
        ? await sendGitModes(context, again, join(dirname(copy.directory), 'contexts'))
        : await sendGitModes(context, again);
    const second = await change({ ...prepared, plan: sent.prepared.plan });
    return await buildOnce(context, second).finally(sent.release);
  } finally {
    await copy?.remove();
  }
}

/** The copy has git's modes for tracked files, as in the first build; the rest, another umask's. */
async function copied(
  context: PipelineContext,
  { plan }: Prepared,
  directory: string,
): Promise<CopiedContext> {
  const isAsIs = plan.settings.reproducible.mode === 'off';
  const found = isAsIs ? undefined : await gitModes(context.run, directory);
  // A folder of which git tracks nothing is no checkout, wherever it lies.
  const tracked = found === undefined || found.modes.size === 0 ? undefined : found.modes;
  return copyContext(directory, tracked, context.signal);
}
