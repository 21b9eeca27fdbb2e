import { PARTS } from '../../model/events.ts';
import type { PipelineContext } from '../context.ts';
import { keepInputs } from '../hermetic/keep-inputs.ts';
import { buildFact } from './build-fact.ts';
import { recallResult, rememberResult } from './result-cache.ts';
import type { Attested, AttestedImage, Checked } from './states.ts';

/** Inspects, signs and judges the image, unless the same digest was already done today. */
export async function attestImage(context: PipelineContext, checked: Checked): Promise<Attested> {
  const { image, store, signer } = checked;
  const made = image.platforms.map((one) => buildFact(checked, one.built, 0));
  const judged = { ...checked, made };
  const before = await recallResult(context, store.blobs, judged, image.index, signer);
  if (before !== undefined) {
    emitCached(context, before);
    return { ...checked, ...before };
  }
  const inputs = signer === undefined ? undefined : await keepInputs(context, checked);
  // An image that was judged before, as most are, loads nothing of it.
  const { inspectSignJudge } = await import('./inspect-sign-judge.ts');
  const result = await inspectSignJudge(context, checked, inputs);
  await rememberResult(context, judged, image.index, signer, result);
  return { ...checked, ...result };
}

function emitCached(context: PipelineContext, { referrers, scorecard }: AttestedImage): void {
  for (const one of PARTS) context.emit({ kind: 'part', part: one, state: 'done' });
  const same = 'the same digest as before';
  const phases = [
    ['inspect', same],
    ['attest', `${referrers.length} statements`],
    ...(scorecard === undefined ? [] : [['grade', same] as const]),
  ] as const;
  for (const [phase, detail] of phases)
    context.emit({ kind: 'phase-done', phase, detail, seconds: 0, cached: true });
}
