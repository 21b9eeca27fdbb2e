import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Shortfall } from '../../grading/gate.ts';
import type { Scored } from '../../grading/score.ts';
import { diskErrorIn, messageOf, UserError } from '../../model/errors.ts';
import type { Descriptor } from '../../model/oci.ts';
import type { ReportInput } from '../../model/report.ts';
import type { Settings } from '../../model/settings.ts';
import type { BuildDirectory } from '../../oci/layout/build-directory.ts';
import { openStore } from '../../oci/layout/layout-store.ts';
import type { BuildPlan, PassthroughPlan } from '../../plans/build-plan.ts';
import { lastValueOf } from '../../plans/flags/flag-spec.ts';
import type { ParsedBuild } from '../../plans/flags/parse-build-args.ts';
import { buildWords } from '../../tools/buildx/build-words.ts';
import { requireBases } from '../bases/require-bases.ts';
import { boundKeptDaily } from '../bound-caches.ts';
import type { PipelineContext } from '../context.ts';
import { forgetFile, writeFileBeside } from '../write-file-beside.ts';
import { buildFact } from './build-fact.ts';
import { buildOnBases } from './build-on-bases.ts';
import { finishImage } from './finish-image.ts';
import { gateImage } from './gate-image.ts';
import { isAsBefore, keepScorecard, lastScorecard } from './last-scorecard.ts';
import { plannedSteps } from './planned-steps.ts';
import { type PassedOn, prepareBuild, type Prepared } from './prepare-build.ts';
import { publish } from './publish-built.ts';
import { requireRepeatable, runOthers, runPassthrough } from './run-buildkit.ts';
import { exportOf, withRecording } from './run-hermetic.ts';
import { keepLock } from './write-lock.ts';

/** How a build ended; what is an error of the user's or ours is thrown. */
export type BuildResult =
  | { readonly kind: 'planned'; readonly plan: BuildPlan | PassthroughPlan }
  /** buildx did it alone, or failed: its exit code. */
  | { readonly kind: 'buildx'; readonly exitCode: number }
  | {
      readonly kind: 'short';
      readonly report: ReportInput;
      readonly judged: JudgedBuild;
      readonly shortfalls: readonly Shortfall[];
    }
  | {
      readonly kind: 'done';
      readonly index: Descriptor;
      readonly names: readonly string[];
      readonly report: ReportInput | undefined;
      readonly judged: JudgedBuild;
    };

/** What a screen shows beside the scorecard of a build. */
export interface JudgedBuild {
  readonly settings: Settings;
  /** How the image of this Dockerfile was judged when it was built before. */
  readonly before: readonly Scored[] | undefined;
}

/** A build that is ready to leave the layout. Its holder must release it, published or not. */
export type HeldBuild = { readonly release: () => Promise<void> } & (
  | { readonly kind: 'over'; readonly result: BuildResult }
  /** Judged, and good enough; or none of ours to judge, where there is no image. */
  | {
      readonly kind: 'ready';
      readonly image: ReadyImage | undefined;
      readonly deliver: () => Promise<BuildResult>;
    }
);

/** An image in the layout that met its gate. */
interface ReadyImage {
  readonly prepared: Prepared;
  readonly index: Descriptor;
  readonly report: ReportInput | undefined;
}

/**
 * `scoville build`: plan, BuildKit into the layout, normalise, inspect, sign and attest, grade,
 * gate, publish. Whatever fails or is interrupted before the last step leaves nothing tagged,
 * loaded or pushed.
 */
export async function build(
  context: PipelineContext,
  parsed: ParsedBuild,
  stdin: AsyncIterable<Uint8Array>,
): Promise<BuildResult> {
  const held = await holdBuild(context, parsed, stdin);
  try {
    return held.kind === 'over' ? held.result : await held.deliver();
  } finally {
    await held.release();
  }
}

/** Builds up to publishing, which the caller decides. If it throws, nothing is left to release. */
export async function holdBuild(
  context: PipelineContext,
  parsed: ParsedBuild,
  stdin: AsyncIterable<Uint8Array>,
): Promise<HeldBuild> {
  const store = await openStore(context.paths.store, context.now);
  const directory = await store.newBuild();
  const release = (): Promise<void> => directory.end();
  try {
    const prepared = await prepareBuild(context, parsed, stdin, store, directory);
    if (parsed.own.dryRun)
      return { kind: 'over', result: { kind: 'planned', plan: prepared.plan }, release };
    if (prepared.kind === 'passthrough') {
      const deliver = (): Promise<BuildResult> => passOn(context, prepared);
      return { kind: 'ready', image: undefined, deliver, release };
    }
    return { ...(await buildPlanned(context, prepared, directory)), release };
  } catch (error) {
    await release();
    throw diskErrorIn(directory.dir, error);
  }
}

async function passOn(context: PipelineContext, { plan, source }: PassedOn): Promise<BuildResult> {
  context.emit({
    kind: 'notice',
    text: `${plan.reason}: handed to docker buildx build, nothing is signed or graded`,
  });
  return {
    kind: 'buildx',
    exitCode: await runPassthrough(context, buildWords(plan.invocation), source.stdin),
  };
}

type Judged =
  | Pick<Extract<HeldBuild, { kind: 'over' }>, 'kind' | 'result'>
  | Pick<Extract<HeldBuild, { kind: 'ready' }>, 'kind' | 'image' | 'deliver'>;

async function buildPlanned(
  context: PipelineContext,
  prepared: Prepared,
  directory: BuildDirectory,
): Promise<Judged> {
  const { plan, store } = prepared;
  for (const text of plan.notices) context.emit({ kind: 'notice', text });
  requireRepeatable(prepared);
  await forgetImageId(context, plan);
  const startedAt = context.now();
  context.emit({ kind: 'steps-planned', steps: plannedSteps(plan) });
  context.emit({ kind: 'phase-started', phase: 'build' });
  const { outcome, signer, bases } = await buildOnBases(context, prepared);
  const done = { ...prepared, bases, plan: withRecording(plan, outcome.recording) };
  if (outcome.exitCode !== 0)
    return { kind: 'over', result: { kind: 'buildx', exitCode: outcome.exitCode } };
  const finishedAt = context.now();
  const built = await exportOf(plan, store.blobs);
  context.emit({
    kind: 'phase-done',
    phase: 'build',
    detail: built.length === 1 ? '1 platform' : `${built.length} platforms`,
    seconds: (finishedAt - startedAt) / 1000,
  });
  const times = { startedAt, finishedAt };
  requireBases(
    plan.settings,
    built.map((one) => buildFact(done, one, finishedAt)),
  );
  const finished = await finishImage(context, done, built, times, signer);
  const { scorecard, contents } = finished;
  const { dockerfilePath: dockerfile } = prepared.source;
  const target = lastValueOf(prepared.parsed, 'target');
  const before =
    dockerfile === undefined ? undefined : await lastScorecard(context, dockerfile, target);
  const judged = { settings: plan.settings, before: before?.criteria };
  if (scorecard !== undefined) context.emit({ kind: 'scorecard', scorecard });
  const { shortfalls, ...gate } =
    scorecard === undefined
      ? { shortfalls: [] }
      : gateImage(context, plan.settings.gate, scorecard);
  const unchanged = scorecard !== undefined && isAsBefore(scorecard, before);
  const report = scorecard && {
    ...{ scorecard, unchanged, ...gate },
    ...(contents === undefined ? {} : { contents }),
  };
  if (scorecard !== undefined && report !== undefined) {
    const { again } = prepared.parsed;
    if (dockerfile !== undefined)
      await keepScorecard(context, { dockerfile, target, again }, scorecard);
    if (shortfalls.length > 0)
      return { kind: 'over', result: { kind: 'short', report, judged, shortfalls } };
  }
  context.signal.throwIfAborted();
  if (finished.lock !== undefined) await keepLock(context, done, finished.lock);
  const { index } = finished;
  const deliver = async (): Promise<BuildResult> => {
    context.signal.throwIfAborted();
    if (plan.others !== undefined) {
      const { exitCode } = await runOthers(context, prepared, plan.others);
      if (exitCode !== 0) return { kind: 'buildx', exitCode };
    }
    await publish(context, prepared, finished, directory);
    await writeUserFiles(context, plan, index);
    await boundKeptDaily(context);
    return { kind: 'done', index, names: plan.names, report, judged };
  };
  return { kind: 'ready', image: { prepared, index, report }, deliver };
}

/** As buildx does: what a build before has written must not be read after one that failed. */
async function forgetImageId({ cwd }: PipelineContext, { userFiles }: BuildPlan): Promise<void> {
  const { iidFile } = userFiles;
  if (iidFile === undefined) return;
  await forgetFile(resolve(cwd, iidFile)).catch((cause: unknown) => {
    throw new UserError(`removing image ID file: ${messageOf(cause)}`, { cause });
  });
}

/** Writes `--iidfile` and `--metadata-file` as buildx does, with the digest that was published. */
async function writeUserFiles(
  context: PipelineContext,
  plan: BuildPlan,
  index: Descriptor,
): Promise<void> {
  const { iidFile, metadataFile } = plan.userFiles;
  if (iidFile !== undefined) await writeFileBeside(resolve(context.cwd, iidFile), index.digest);
  if (metadataFile === undefined) return;
  const theirs = JSON.parse(await readFile(plan.metadataFile, 'utf8')) as Record<string, unknown>;
  const metadata = {
    ...theirs,
    'containerimage.descriptor': index,
    'containerimage.digest': index.digest,
    ...(plan.names.length > 0 ? { 'image.name': plan.names.join(',') } : {}),
  };
  await writeFileBeside(resolve(context.cwd, metadataFile), JSON.stringify(metadata, null, 2));
}
