import type { ImageComparison } from '../../model/difference.ts';
import { UserError } from '../../model/errors.ts';
import type { Descriptor } from '../../model/oci.ts';
import type { OpenedImage } from '../../model/opened-image.ts';
import { openStore } from '../../oci/layout/layout-store.ts';
import type { ParsedBuild } from '../../plans/flags/parse-build-args.ts';
import { attachStatements, wholeOf, type AttachTarget } from '../attach/attach-statements.ts';
import { openBuild } from '../attach/keep-with-builds.ts';
import type { Lowered } from '../attach/renew-verdict.ts';
import { builtImage, compareBuilds } from '../compare/compare-built.ts';
import { deeperViews } from '../compare/deeper-views.ts';
import type { PipelineContext } from '../context.ts';
import { buildElsewhere, buildOnce, withRecording } from '../image-build/build-again.ts';
import { proofStatement } from '../image-build/prove-build.ts';
import { readBuild } from '../image-build/read-build.ts';
import type { Build } from '../image-build/states.ts';
import { NOBODY_NAMED, trustedSigners } from '../sign/trusted-signers.ts';
import { nameWriters } from './stage-writers.ts';
import { arrangeTomorrow, type Tomorrow } from './tomorrow.ts';

/** How it ended; `buildx`: one of the two builds failed, with its exit code. */
export type Reproduction =
  | { readonly kind: 'buildx'; readonly exitCode: number }
  | {
      readonly kind: 'compared';
      readonly comparison: ImageComparison;
      /** Why a difference proves nothing, where that is so. */
      readonly doubts: readonly string[];
      /** There where the result was attached, and the verdict stayed, since it would be lower. */
      readonly kept: Lowered | undefined;
    };

export interface ReproduceOptions {
  /** Sign the result, and keep it with the build. */
  readonly attest: boolean;
  /** Sign the new verdict where it is lower, too. */
  readonly regrade: boolean;
  /** The second build's RUNs see another day. */
  readonly tomorrow: boolean;
  /** Have diffoscope compare files that differ. */
  readonly deeper: boolean;
}

/**
 * Builds an image, then once more without a cache, from a copy of the context in another folder
 * with other times and another umask, and compares the two. Nothing is tagged, loaded or pushed;
 * with `attest` the result is signed and kept with the build. Throws UserError as a build does.
 */
export async function reproduce(
  context: PipelineContext,
  parsed: ParsedBuild,
  stdin: AsyncIterable<Uint8Array>,
  options: ReproduceOptions = { attest: false, regrade: false, tomorrow: false, deeper: false },
): Promise<Reproduction> {
  const store = await openStore(context.paths.store, context.now);
  const first = await store.newBuild();
  const second = await store.newBuild();
  let tomorrow: Tomorrow | undefined;
  try {
    const prepared = await readBuild(context, { parsed, stdin, store, directory: first });
    if (prepared.kind === 'passthrough')
      throw new UserError(`${prepared.plan.reason}: the build has no image to compare`);
    if (prepared.source.kind === 'stdin-archive')
      throw new UserError('a context on stdin can be read only once', {
        nextStep: 'unpack it, and reproduce the folder',
      });
    // What cannot be arranged fails before a build that takes long.
    tomorrow = options.tomorrow ? await arrangeTomorrow(context, prepared) : undefined;
    const a = await buildOnce(context, prepared);
    if (typeof a === 'number') return { kind: 'buildx', exitCode: a };
    // Before the second build, which takes longest.
    const attestable = options.attest
      ? await attestableBuild(context, prepared, a.index, options.regrade)
      : undefined;
    const given = withRecording(prepared, a.recording);
    const next = { ...given, attached: { ...given.attached, clock: tomorrow?.folder } };
    const words = tomorrow === undefined ? '' : ', tomorrow';
    const b = await buildElsewhere(context, next, second.dir, words);
    if (typeof b === 'number') return { kind: 'buildx', exitCode: b };
    const look = options.deeper ? deeperViews(context) : undefined;
    const images = await Promise.all([
      builtImage(store, 'the first build', a.index),
      builtImage(store, 'the second build', b.index),
    ]);
    const compared = await compareBuilds(context, prepared.dockerfile, images, look);
    const comparison = await nameWriters(context, prepared, compared, second.dir);
    const attached =
      attestable === undefined
        ? undefined
        : await attachStatements(context, attestable, (image) => [
            proofStatement(context, comparison, wholeOf(image)),
          ]);
    return { kind: 'compared', comparison, doubts: [], kept: attached?.kept };
  } finally {
    await first.end();
    await second.discard();
    await tomorrow?.remove();
  }
}

/**
 * The newest build of the plan's first name, where it is the image that was just built again.
 * Throws UserError where it is missing or another: a statement about an image that nobody published
 * helps nobody.
 */
async function attestableBuild(
  context: PipelineContext,
  { store, plan, registries, vex }: Build,
  index: Descriptor,
  regrade: boolean,
): Promise<AttachTarget> {
  const [name] = plan.names;
  if (name === undefined)
    throw new UserError('--attest needs the name of the image', {
      nextStep: 'scoville build -t NAME . first, then scoville reproduce --attest -t NAME .',
    });
  const found = await store.findByName(name);
  if (found === undefined || found.descriptor.digest !== index.digest)
    throw new UserError(
      found === undefined
        ? `no build of ${name} to attest`
        : `the layout's build of ${name} is ${found.descriptor.digest}, and this source gives ${index.digest}`,
      { nextStep: `scoville build -t ${name} . first, with the same flags` },
    );
  const { settings } = plan;
  const open = (): Promise<OpenedImage> => openBuild(store, index, name);
  return {
    name,
    open,
    openWhole: open,
    inherits: false,
    regrade,
    published: undefined,
    registries,
    settings,
    grading: async () =>
      plan.attest.verdict.on
        ? {
            settings,
            trusted: await trustedSigners(context, settings, NOBODY_NAMED),
            dockerfile: undefined,
            secrets: true,
            vex,
            registries,
          }
        : undefined,
  };
}
