import { PARTS } from '../../model/events.ts';
import type { LockFile } from '../../model/lock.ts';
import type { Descriptor } from '../../model/oci.ts';
import type { ImageContents } from '../../model/report.ts';
import type { Scorecard } from '../../model/scorecard.ts';
import type { TaggedManifest } from '../../oci/legacy-signature.ts';
import { attachedBefore } from '../attach/attached-before.ts';
import type { PipelineContext } from '../context.ts';
import { keepInputs } from '../hermetic/keep-inputs.ts';
import type { BuildTimes, BuiltPlatform } from '../image-under-build.ts';
import type { Signer } from '../sign/signer.ts';
import { buildFact } from './build-fact.ts';
import { checkBuilt, lockOfBuilt } from './lock-built.ts';
import { normaliseBuilt } from './normalise-built.ts';
import type { Prepared } from './prepare-build.ts';
import { isSeeded } from './refuse-predictable.ts';
import { recallResult, rememberResult } from './result-cache.ts';

/** The image ready to be published. */
export interface FinishedImage {
  readonly index: Descriptor;
  /** Signatures and attestations, as stored in the layout. */
  readonly referrers: readonly Descriptor[];
  readonly tagged: readonly TaggedManifest[];
  readonly scorecard: Scorecard | undefined;
  readonly contents?: readonly ImageContents[];
  /** What to keep in the lock file; undefined where there is none to write. */
  readonly lock: LockFile | undefined;
}

/**
 * Normalizes the result, rebuilds a seeded image with another seed, then signs, attests and grades
 * it, unless the same digest was already done today.
 */
export async function finishImage(
  context: PipelineContext,
  prepared: Prepared,
  built: readonly BuiltPlatform[],
  times: BuildTimes,
  signer: Signer | undefined,
): Promise<FinishedImage> {
  const { plan, store } = prepared;
  const image = await normaliseBuilt(context, prepared, built);
  if (isSeeded(prepared)) {
    const { refuseDrawn } = await import('./refuse-drawn.ts');
    await refuseDrawn(context, prepared, image);
  }
  const lock = await lockOfBuilt(context, prepared, image);
  // Before anything is signed: a signature may stand in a public log.
  if (lock !== undefined) checkBuilt(context, plan, lock);
  const proof = plan.prove
    ? await (await import('./prove-build.ts')).proveBuild(context, prepared, image)
    : undefined;
  const { profiles } = prepared;
  const kept =
    signer === undefined
      ? { attestations: [], referrers: [] }
      : await attachedBefore(context, store, image.index, plan.settings, {
          profiles,
          isProven: proof !== undefined,
        });
  const made = image.platforms.map((one) => buildFact(prepared, one.built, 0));
  const judged = { ...prepared, made, proof, kept };
  const before = await recallResult(context, store.blobs, judged, image.index, signer);
  if (before !== undefined) {
    for (const one of PARTS) context.emit({ kind: 'part', part: one, state: 'done' });
    const steps = [
      'inspect',
      'attest',
      ...(before.scorecard === undefined ? [] : ['grade' as const]),
    ] as const;
    for (const name of steps)
      context.emit({
        kind: 'phase-done',
        phase: name,
        detail:
          name === 'attest' ? `${before.referrers.length} statements` : 'the same digest as before',
        seconds: 0,
        cached: true,
      });
    return { index: image.index, lock, ...before };
  }
  const inputs =
    signer === undefined ? undefined : await keepInputs(context, prepared, lock, image.index);
  const referrers = [...kept.referrers, ...(inputs === undefined ? [] : [inputs])];
  const attesting = { ...prepared, proof, kept: { ...kept, referrers }, inputs };
  // An image that was judged before, as most are, loads nothing of it.
  const { attestAndGrade } = await import('./attest-and-grade.ts');
  const result = await attestAndGrade(context, attesting, image, times, signer);
  await rememberResult(context, judged, image.index, signer, result);
  return { index: image.index, lock, ...result };
}
