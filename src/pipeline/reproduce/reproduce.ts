import { setTimeout } from 'node:timers/promises';
import type { ImageComparison } from '../../model/difference.ts';
import { UserError } from '../../model/errors.ts';
import { openStore } from '../../oci/layout/layout-store.ts';
import { buildPaths } from '../../plans/build-plan.ts';
import type { ParsedBuild } from '../../plans/flags/parse-build-args.ts';
import { secondBuild } from '../../plans/reproduce/second-build.ts';
import type { PipelineContext } from '../context.ts';
import { gitModes } from '../contexts/context-modes.ts';
import { type CopiedContext, copyContext } from '../contexts/copy-context.ts';
import { normaliseBuilt } from '../image-build/normalise-built.ts';
import { prepareBuild, type Prepared } from '../image-build/prepare-build.ts';
import { readExport } from '../image-build/read-export.ts';
import { runBuildKit } from '../image-build/run-buildkit.ts';
import { sendGitModes } from '../image-build/send-modes.ts';
import type { FinalImage } from '../image-under-build.ts';
import { attestableBuild, attestReproduction } from './attest-reproduction.ts';
import { builtImage, compareBuilds } from './compare-built.ts';
import { deeperViews } from './deeper-views.ts';
import { arrangeTomorrow, type Tomorrow, underTomorrow } from './tomorrow.ts';

/** How it ended; `buildx`: one of the two builds failed, with its exit code. */
export type Reproduction =
  | { readonly kind: 'buildx'; readonly exitCode: number }
  | {
      readonly kind: 'compared';
      readonly comparison: ImageComparison;
      /** Why a difference proves nothing, where that is so. */
      readonly doubts: readonly string[];
    };

export interface ReproduceOptions {
  /** Sign the result, and keep it with the build. */
  readonly attest: boolean;
  /** The second build's RUNs see another day. */
  readonly tomorrow: boolean;
  /** Have diffoscope look into files that differ. */
  readonly deeper: boolean;
}

/** Milliseconds between the builds: whole seconds, and the two of a zip file's clock, are others then. */
const CLOCK_MOVES = 2100;

/**
 * Builds an image, then once more without a cache, from a copy of the context in another folder with other times and another umask, and holds the two
 * against each other. Nothing is tagged, loaded or pushed; with `attest` the result is signed and kept with the build. Throws UserError as a build does.
 */
export async function reproduce(
  context: PipelineContext,
  parsed: ParsedBuild,
  stdin: AsyncIterable<Uint8Array>,
  options: ReproduceOptions = { attest: false, tomorrow: false, deeper: false },
): Promise<Reproduction> {
  const store = await openStore(context.paths.store, context.now);
  const first = await store.newBuild();
  const second = await store.newBuild();
  let tomorrow: Tomorrow | undefined;
  try {
    const prepared = await prepareBuild(context, parsed, stdin, store, first);
    if (prepared.kind === 'passthrough')
      throw new UserError(`${prepared.plan.reason}: the build has no image to compare`);
    if (prepared.source.kind === 'stdin-archive')
      throw new UserError('a context on stdin can be read only once', {
        nextStep: 'unpack it, and reproduce the folder',
      });
    // What cannot be arranged is told before a build that takes long.
    tomorrow = options.tomorrow ? await arrangeTomorrow(context, prepared) : undefined;
    const sent = await sendGitModes(context, prepared);
    const a = await buildOnce(context, sent.prepared).finally(sent.release);
    if (typeof a === 'number') return { kind: 'buildx', exitCode: a };
    // Before the second build, which takes longest.
    const attestable = options.attest
      ? await attestableBuild(store, prepared.plan, a.index)
      : undefined;
    const b = await buildElsewhere(context, prepared, second.dir, tomorrow);
    if (typeof b === 'number') return { kind: 'buildx', exitCode: b };
    const look = options.deeper ? deeperViews(context) : undefined;
    const images = await Promise.all([
      builtImage(store, 'the first build', a.index),
      builtImage(store, 'the second build', b.index),
    ]);
    const comparison = await compareBuilds(context, prepared.dockerfile, images, look);
    if (attestable !== undefined)
      await attestReproduction(context, prepared, attestable, comparison, first);
    return { kind: 'compared', comparison, doubts: [] };
  } finally {
    await first.end();
    await second.discard();
    await tomorrow?.remove();
  }
}

/** Builds and normalises; an exit code where buildx failed. */
async function buildOnce(
  context: PipelineContext,
  prepared: Prepared,
): Promise<FinalImage | number> {
  const { plan, store } = prepared;
  const { exitCode } = await runBuildKit(context, prepared);
  if (exitCode !== 0) return exitCode;
  return normaliseBuilt(context, prepared, await readExport(plan.layout, store.blobs));
}

async function buildElsewhere(
  context: PipelineContext,
  prepared: Prepared,
  dir: string,
  tomorrow: Tomorrow | undefined,
): Promise<FinalImage | number> {
  // A quick RUN that writes the time would else write the same one twice.
  await setTimeout(CLOCK_MOVES, undefined, { signal: context.signal }).catch(() => {
    context.signal.throwIfAborted();
  });
  const { directory } = prepared.source;
  const copy = directory === undefined ? undefined : await copied(context, prepared, directory);
  context.emit({
    kind: 'notice',
    text: `building again without a cache${copy === undefined ? '' : `, from ${copy.directory}`}${tomorrow === undefined ? '' : ', tomorrow'}`,
  });
  try {
    const plan = secondBuild(prepared.plan, buildPaths(dir), copy?.directory);
    // The copy has its modes; named contexts are where they were.
    const source = { ...prepared.source, directory: undefined };
    const sent = await sendGitModes(context, { ...prepared, plan, source });
    const sentAgain = { ...prepared, plan: sent.prepared.plan };
    const second = tomorrow === undefined ? sentAgain : await underTomorrow(sentAgain, tomorrow);
    return await buildOnce(context, second).finally(sent.release);
  } finally {
    await copy?.remove();
  }
}

/** The copy has git's modes for what git tracks, as the first build was sent them; the rest those of another umask. */
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
