import { createHash } from 'node:crypto';
import { digestOf } from '../../model/digest.ts';
import type { BuildFact, Fact } from '../../model/facts.ts';
import type { Descriptor } from '../../model/oci.ts';
import type { ImageContents } from '../../model/report.ts';
import type { Scorecard } from '../../model/scorecard.ts';
import type { BlobStore } from '../../oci/blobs/blob-store.ts';
import { openCache, type JsonCache } from '../../oci/layout/caches.ts';
import type { TaggedManifest } from '../../oci/legacy-signature.ts';
import { keyName } from '../../tools/cosign/key-uri.ts';
import { databaseStamp } from '../advisories/database-folder.ts';
import type { PipelineContext } from '../context.ts';
import type { Signer } from '../sign/signer.ts';
import type { AttestedImage, Checked } from './states.ts';

/** A result rests on its day: ages, scanners' databases. Older ones are made again. */
const FRESH_MS = 24 * 60 * 60 * 1000;
const SCHEMA = 9;

type Judged = Pick<Checked, 'vex' | 'profiles' | 'plan' | 'proof' | 'kept' | 'recording'> & {
  /** How each platform was built: another Dockerfile that gives the same bytes is graded again. */
  readonly made: readonly Fact<BuildFact>[];
};

interface Remembered {
  readonly at: number;
  readonly referrers: readonly Descriptor[];
  readonly tagged: readonly TaggedManifest[];
  readonly scorecard: Scorecard | null;
  readonly contents: readonly ImageContents[];
}

/** What was signed and graded today for this digest and settings; undefined if any part is gone. */
export async function recallResult(
  context: PipelineContext,
  blobs: BlobStore,
  judged: Judged,
  index: Descriptor,
  signer: Signer | undefined,
): Promise<AttestedImage | undefined> {
  const key = keyOf(context, judged, index, signer);
  if (key === undefined) return undefined;
  const found = (await results(context).get(key)) as Remembered | undefined;
  if (found === undefined || context.now() - found.at > FRESH_MS || found.at > context.now())
    return undefined;
  const { referrers, tagged } = found;
  for (const { digest } of [...referrers, ...tagged.map((t) => t.descriptor)])
    if (!(await blobs.has(digest))) return undefined;
  const { contents } = found;
  return { referrers, tagged, scorecard: found.scorecard ?? undefined, contents };
}

/** Keeps the result for the next build that comes to the same digest. */
export async function rememberResult(
  context: PipelineContext,
  judged: Judged,
  index: Descriptor,
  signer: Signer | undefined,
  { referrers, tagged, scorecard, contents }: AttestedImage,
): Promise<void> {
  const remembered: Remembered = {
    at: context.now(),
    referrers,
    tagged,
    scorecard: scorecard ?? null,
    contents: contents.map(withoutFilesystem),
  };
  const key = keyOf(context, judged, index, signer);
  if (key !== undefined) await results(context).set(key, remembered);
}

/** What reports read, as plain JSON: the filesystem is a tree with functions. */
function withoutFilesystem({ platform, facts, baseLayers }: ImageContents): ImageContents {
  const { image, packages, attestations, vulnerabilities } = facts;
  return {
    platform,
    facts: { image, packages, attestations, vulnerabilities },
    ...(baseLayers === undefined ? {} : { baseLayers }),
  };
}

function results(context: PipelineContext): JsonCache {
  return openCache(context, 'results', SCHEMA);
}

/** All that statements and verdicts depend on besides the bytes; undefined if not yet known. */
function keyOf(
  context: PipelineContext,
  judged: Judged,
  index: Descriptor,
  signer: Signer | undefined,
): string | undefined {
  const by = signer === undefined ? null : signerPart(signer);
  if (by === undefined) return undefined;
  const { plan, vex, profiles, made, proof, kept, recording } = judged;
  const { settings, attest, names, epoch, grade, needed } = plan;
  // How high the gate is changes nothing of what is signed. Where trust came from, reports tell.
  const origins = settings.origins.filter(({ isTrust }) => isTrust);
  const rules = { ...settings, origins, ignored: null, gate: settings.gate.waivers };
  const parts = {
    version: context.version,
    digest: index.digest,
    made,
    judged: rules,
    attest: {
      sbom: attest.sbom,
      formats: attest.sbomFormats,
      provenance: attest.provenance,
      sign: attest.sign,
      verdict: attest.verdict,
    },
    names,
    epoch,
    // The provenance lists it.
    fetches:
      recording === undefined
        ? null
        : [plan.hermetic, [...recording.fetches], [...recording.incomplete]],
    // What the lock enforces counts as pinned.
    enforced: plan.lock === undefined ? null : (plan.sourcePolicy?.pins ?? []),
    grade,
    needed,
    // By what they say: a promise that is withdrawn is to count no longer.
    vex,
    // VEX can end with a day.
    day: vex.length + kept.referrers.length === 0 ? null : dayOf(context),
    proof: proof?.reproducible ?? null,
    kept: kept.referrers.map(({ digest }) => digest),
    profiles: profiles.map(({ kind, predicate }) => ({ kind, predicate })),
    databases: databaseStamp(context),
    signer: by,
  };
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

function dayOf({ now }: Pick<PipelineContext, 'now'>): string {
  return new Date(now()).toISOString().slice(0, 10);
}

/** Changes with the key or identity, so that the image is signed again. Undefined before login. */
function signerPart(signer: Signer): readonly string[] | undefined {
  if (signer.kind === 'key')
    return ['key', keyName(signer.ref), digestOf(Buffer.from(signer.publicKey))];
  const { identity, sigstore } = signer.session;
  return identity === undefined
    ? undefined
    : [identity.subject, identity.issuer, JSON.stringify(sigstore.services)];
}
