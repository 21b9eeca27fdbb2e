import { rm } from 'node:fs/promises';
import { nativeLibraries, ranImages, seenDays, writeClock } from '../build/clock.ts';
import type { ParsedBuild } from '../build/command-line.ts';
import type { FinalImage } from '../build/image-under-build.ts';
import { normaliseBuilt } from '../build/normalise-built.ts';
import { buildElsewhere, buildOnce, proofStatement, withRecording } from '../build/prove.ts';
import { readBuild } from '../build/read-build.ts';
import type { Build } from '../build/states.ts';
import { openStore } from '../image/layout/store.ts';
import { makeTemporaryFolder } from '../image/temporary-folder.ts';
import { UserError } from '../lib/errors.ts';
import { DAY_MS } from '../lib/time.ts';
import type { PipelineContext } from '../model/context.ts';
import type { Descriptor, OpenedImage } from '../model/image.ts';
import type { ImageComparison } from '../model/report.ts';
import { attachStatements, type AttachTarget, wholeOf } from '../trust/attach.ts';
import { type Lowered, openBuild } from '../trust/renew-verdict.ts';
import { NOBODY_NAMED, trustedSigners } from '../trust/trusted-signers.ts';
import { movedClock } from './clock.ts';
import { builtImage, compareBuilds } from './compare-images.ts';
import { deeperViews } from './diffoscope.ts';

const HOW = 'see "Another day" in docs/reproducibility.md';

/**
 * Prepares a build whose RUNs see tomorrow's date: a mounted library, loaded into every program.
 * Tests it on each image of the build. Throws UserError if that fails: a build that silently ran
 * today would prove nothing. Gives a folder for use as build context.
 */
async function arrangeTomorrow(context: PipelineContext, prepared: Build) {
  const { plan, dockerfile } = prepared;
  if (plan.steady !== undefined)
    throw new UserError('--tomorrow with --repro=deterministic changes nothing', {
      nextStep: 'RUNs see the recorded time on any day: leave --tomorrow out',
    });
  const cannot = (why: string): UserError =>
    new UserError(`another day cannot be arranged: ${why}`, { nextStep: HOW });
  if (dockerfile === undefined) throw cannot('the Dockerfile is not known before the build');
  if (plan.platforms.length > 1) throw cannot('it takes one platform at a time');
  const images = ranImages(dockerfile);
  if (images === undefined) throw cannot('something is run in a stage whose base is not known');
  const folder = await makeTemporaryFolder('tomorrow');
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    await writeClock(folder, movedClock(DAY_MS / 1000, nativeLibraries(process.arch)));
    const day = (): string => new Date(context.now() + DAY_MS).toISOString().slice(0, 10);
    // The probe may run across midnight.
    const before = day();
    const seen = await seenDays(context, prepared, folder, images);
    if (!seen.ok) throw cannot(`not every image has a date command (${seen.error})`);
    const right = [before, day()];
    const first = images.find((_, i) => !right.includes(seen.value[i] ?? ''));
    if (first !== undefined)
      throw cannot(
        `programs of ${first} see today’s date all the same: they are linked statically, or against another C library`,
      );
    return { folder, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** `buildx`: one of the two builds failed, with its exit code. */
export type Reproduction =
  | { readonly kind: 'buildx'; readonly exitCode: number }
  | {
      readonly kind: 'compared';
      readonly comparison: ImageComparison;
      /** Why a difference proves nothing. */
      readonly doubts: readonly string[];
      /** Set if the result was attached, but the old verdict stays, since the new one is lower. */
      readonly kept: Lowered | undefined;
      /** Both builds are the same with `--repro=aggressive`. */
      readonly isFixable?: boolean;
    };

export interface ReproduceOptions {
  /** Sign the result, and keep it with the build. */
  readonly attest: boolean;
  /** Sign the new verdict even if lower. */
  readonly regrade: boolean;
  /** The second build's RUNs see another day. */
  readonly tomorrow: boolean;
  /** Use diffoscope for differing files. */
  readonly deeper: boolean;
}

/**
 * Builds an image twice and compares. The second build has no cache; its context is a copy in
 * another folder with other times and another umask. Nothing is tagged, loaded or pushed; with
 * `attest` the result is signed and kept with the build. Throws UserError as a build does.
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
  let tomorrow: Awaited<ReturnType<typeof arrangeTomorrow>> | undefined;
  try {
    const prepared = await readBuild(context, { parsed, stdin, store, directory: first });
    if (prepared.kind === 'passthrough')
      throw new UserError(`${prepared.plan.reason}: the build has no image to compare`);
    if (prepared.source.kind === 'stdin-archive')
      throw new UserError('a context on stdin can be read only once', {
        nextStep: 'unpack it, and reproduce the folder',
      });
    // Fails before the long build.
    tomorrow = options.tomorrow ? await arrangeTomorrow(context, prepared) : undefined;
    const a = await buildOnce(context, prepared);
    if (typeof a === 'number') return { kind: 'buildx', exitCode: a };
    // Before the second build, the longest part.
    const attestable = options.attest
      ? await attestableBuild(context, prepared, a.index, options.regrade)
      : undefined;
    const again = withRecording(prepared, a.recording);
    const next = { ...again, attached: { ...again.attached, clock: tomorrow?.folder } };
    const words = tomorrow === undefined ? '' : ', tomorrow';
    const b = await buildElsewhere(context, next, second.dir, words);
    if (typeof b === 'number') return { kind: 'buildx', exitCode: b };
    const look = options.deeper ? deeperViews(context) : undefined;
    const images = await Promise.all([
      builtImage(store, 'the first build', a.index),
      builtImage(store, 'the second build', b.index),
    ]);
    const how = { onePlan: true };
    const comparison = await compareBuilds(context, prepared.dockerfile, images, look, how);
    const attached =
      attestable === undefined
        ? undefined
        : await attachStatements(context, attestable, (image) => [
            proofStatement(context, comparison, wholeOf(image)),
          ]);
    const isFixable = await isSameByAggressive(context, prepared, [a, b], comparison);
    return { kind: 'compared', comparison, doubts: [], kept: attached?.kept, isFixable };
  } finally {
    await first.end();
    await second.discard();
    await tomorrow?.remove();
  }
}

/** Tried where a remedy names those rules, with what both builds exported. */
async function isSameByAggressive(
  context: PipelineContext,
  build: Build,
  built: readonly FinalImage[],
  { differences }: ImageComparison,
): Promise<boolean> {
  const mode = 'aggressive';
  const { settings } = build.plan;
  if (settings.reproducible.mode !== 'safe') return false;
  if (!differences.some(({ remedy }) => remedy?.includes(mode))) return false;
  const reproducible = { ...settings.reproducible, mode } as const;
  const plan = { ...build.plan, settings: { ...settings, reproducible } };
  const digests = new Set<string>();
  for (const { platforms } of built) {
    const exported = platforms.map((one) => one.built);
    const quiet = { ...context, emit: () => undefined };
    digests.add((await normaliseBuilt(quiet, { ...build, plan }, exported)).index.digest);
  }
  return digests.size === 1;
}

/**
 * The newest build of the plan's first name, which must be the image just rebuilt. Throws UserError
 * otherwise: a statement about an unpublished image helps nobody.
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
