import { setTimeout } from 'node:timers/promises';
import type { Recording } from '../../model/fetches.ts';
import { buildPaths } from '../../plans/build-plan.ts';
import { secondBuild } from '../../plans/reproduce/second-build.ts';
import type { PipelineContext } from '../context.ts';
import type { FinalImage } from '../image-under-build.ts';
import { normaliseBuilt } from './normalise-built.ts';
import { exportOf } from './read-export.ts';
import { runBuildKit } from './run-buildkit.ts';
import type { Build } from './states.ts';

/** Milliseconds between the builds: seconds change, and so do a zip file's two-second ticks. */
const CLOCK_MOVES = 2100;

/** Builds and normalizes; says what RUNs fetched if recorded. An exit code where buildx failed. */
export async function buildOnce(
  context: PipelineContext,
  build: Build,
): Promise<(FinalImage & { readonly recording: Recording | undefined }) | number> {
  const { exitCode, recording } = await runBuildKit(context, build);
  if (exitCode !== 0) return exitCode;
  const image = await normaliseBuilt(context, build, await exportOf(build.plan, build.store.blobs));
  return { ...image, recording };
}

/**
 * Builds once more into `dir`, without a cache, from a copy of the context in another folder with
 * other times and another umask. `words` say what else is other. Throws UserError where the context
 * cannot be copied.
 */
export async function buildElsewhere(
  context: PipelineContext,
  build: Build,
  dir: string,
  words = '',
): Promise<FinalImage | number> {
  // A quick RUN that writes the time would else write the same one twice.
  await setTimeout(CLOCK_MOVES, undefined, { signal: context.signal }).catch(() => {
    context.signal.throwIfAborted();
  });
  const copied = build.source.directory === undefined ? '' : ', from a copy of the context';
  context.emit({ kind: 'notice', text: `building again without a cache${copied}${words}` });
  return buildOnce(context, {
    ...build,
    plan: secondBuild(build.plan, buildPaths(dir)),
    attached: { ...build.attached, elsewhere: true },
  });
}

/** The build with what the first one recorded: a second one is given the same answers. */
export function withRecording(build: Build, recording: Recording | undefined): Build {
  if (recording === undefined) return build;
  const store = build.attached.replayed?.store;
  return { ...build, attached: { ...build.attached, replayed: { recording, store } } };
}
