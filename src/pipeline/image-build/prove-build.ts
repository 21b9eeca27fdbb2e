import { VERIFIER_ID } from '../../attestations/identity.ts';
import { reproductionStatement } from '../../attestations/reproduction.ts';
import type { ImageComparison } from '../../model/difference.ts';
import { UserError } from '../../model/errors.ts';
import { quantity } from '../../model/quantity.ts';
import { PREDICATE_TYPE } from '../../model/statement.ts';
import { openCache, type JsonCache } from '../../oci/layout/caches.ts';
import { shownAddress } from '../../plans/shown-command.ts';
import { builtImage, compareBuilds } from '../compare/compare-built.ts';
import { type PipelineContext, phase } from '../context.ts';
import type { FinalImage } from '../image-under-build.ts';
import type { StatementToSign } from '../sign/attestation-documents.ts';
import { buildElsewhere, withRecording } from './build-again.ts';
import { proofInputs } from './proof-inputs.ts';
import type { Build, Built, Proof } from './states.ts';

/** What is kept of a proof; only one that held is. */
interface KeptProof {
  readonly seconds: number;
  readonly at: number;
}

const SCHEMA = 2;
/** What a build fetches changes with the time; a proof of last month says less of today's. */
const FRESH_MS = 30 * 24 * 60 * 60 * 1000;

/**
 * The second build of `--prove`, in another place and without a cache, held against the image; or
 * the last proof of the same inputs that came to the same digest. Throws UserError where it cannot
 * be built again: then nothing is known of it.
 */
export async function proveBuild(
  context: PipelineContext,
  build: Built,
  image: FinalImage,
): Promise<Proof> {
  const { store } = build;
  if (build.source.kind === 'stdin-archive')
    throw new UserError('a context on stdin can be read only once, so it cannot be built twice', {
      nextStep: 'unpack it, and build the folder; or build without --prove',
    });
  const inputs = await proofInputs(context, build, image.index.digest);
  const kept = inputs === undefined ? undefined : await keptProof(context, inputs);
  if (kept !== undefined) {
    const day = new Date(kept.at).toISOString().slice(0, 10);
    const detail = `the same digest as the second build of ${day}: nothing changed since`;
    context.emit({ kind: 'phase-done', phase: 'prove', detail, seconds: 0, cached: true });
    return { reproducible: true, differences: [] };
  }
  const last = (await proofs(context).get(lastKey(build))) as KeptProof | undefined;
  const second = await store.newBuild();
  const startedAt = context.now();
  try {
    const comparison = await phase(
      context,
      'prove',
      async () => {
        const again = await buildElsewhere(
          context,
          withRecording(build, build.recording),
          second.dir,
        );
        if (typeof again === 'number')
          throw new UserError(
            `the second build failed (exit code ${again} of docker buildx build): the image is not proven`,
            { nextStep: 'see its output above, or build without --prove' },
          );
        const images = await Promise.all([
          builtImage(store, 'the build', image.index),
          builtImage(store, 'the second build', again.index),
        ]);
        return compareBuilds(context, build.dockerfile, images, undefined);
      },
      ({ reproducible, differences, omitted }) => ({
        detail: reproducible
          ? 'a second build gave the same digest'
          : `not reproducible: ${quantity(differences.length + omitted, 'difference')}`,
      }),
      { detail: `a second build, uncached${lastText(last)}` },
    );
    const proof = { at: context.now(), seconds: (context.now() - startedAt) / 1000 };
    await proofs(context).set(lastKey(build), proof);
    if (comparison.reproducible && inputs !== undefined) await proofs(context).set(inputs, proof);
    tellDifferences(context, comparison);
    return comparison;
  } finally {
    await second.discard();
  }
}

/** A failed proof is no error by itself: the image is what it is, and its level says so. */
function tellDifferences(context: PipelineContext, { differences }: ImageComparison): void {
  const [first] = differences;
  if (first === undefined) return;
  context.emit({
    kind: 'warning',
    text: `the image is not reproducible: a second build differs in ${quantity(differences.length, 'place')}, first ${first.path}`,
    nextStep: 'scoville reproduce names each difference and its cause; give it the same flags',
  });
}

function lastText(last: KeptProof | undefined): string {
  return last === undefined ? '' : `; it took ${Math.round(last.seconds)} s last time`;
}

async function keptProof(context: PipelineContext, inputs: string): Promise<KeptProof | undefined> {
  const found = (await proofs(context).get(inputs)) as KeptProof | undefined;
  const isFresh =
    found !== undefined && found.at <= context.now() && context.now() - found.at <= FRESH_MS;
  return isFresh ? found : undefined;
}

/** Under what the time of the last second build is kept. */
function lastKey({ source, parsed }: Build): string {
  return JSON.stringify([
    'last',
    source.dockerfilePath ?? shownAddress(parsed.context),
    parsed.again,
  ]);
}

function proofs(context: PipelineContext): JsonCache {
  return openCache(context, 'second-builds', SCHEMA);
}

/** What the second build of the subjects showed, to be signed. */
export function proofStatement(
  { version }: Pick<PipelineContext, 'version'>,
  { reproducible, differences, source }: Proof,
  subjects: Pick<StatementToSign, 'subject' | 'also'>,
): StatementToSign {
  const predicate = reproductionStatement(
    {
      reproducible,
      differences: differences.map(({ path, detail }) => `${path}: ${detail}`),
      ...(source === undefined ? {} : { source }),
    },
    { uri: VERIFIER_ID, version },
  );
  return { predicateType: PREDICATE_TYPE.testResult, predicate, ...subjects };
}
