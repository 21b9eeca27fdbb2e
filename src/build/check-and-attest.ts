import { createHash } from 'node:crypto';
import { type JsonCache, openCache } from '../image/caches.ts';
import { UserError } from '../lib/errors.ts';
import type { PipelineContext } from '../model/context.ts';
import { PARTS, type Phase } from '../model/events.ts';
import type { BuildFact, Fact } from '../model/facts.ts';
import type { Descriptor } from '../model/image.ts';
import { digestOf } from '../model/reference.ts';
import type { ImageContents } from '../model/report.ts';
import type { Scorecard } from '../model/scorecard.ts';
import { databaseStamp } from '../scan/database-folder.ts';
import { attachedBefore } from '../trust/kept-attachments.ts';
import { keyName } from '../trust/keys.ts';
import type { KeptAttachments } from '../trust/renew-verdict.ts';
import type { Signer } from '../trust/signer.ts';
import { buildFact } from './build-on-bases.ts';
import { checkBuilt, lockOfBuilt } from './built-lock.ts';
import { isSeeded, normaliseBuilt } from './normalise-built.ts';
import type { Attested, AttestedImage, Attesting, Built, Checked } from './states.ts';

/**
 * Rewrites the layers and does what must come before signing, since a signature may be in a public
 * log. A seeded image is built with another seed, and what was built is compared with the lock.
 * Where a proof is asked for, the image is built again. Throws UserError where one of these fails.
 */
export async function checkImage(context: PipelineContext, built: Built): Promise<Checked> {
  const { plan } = built;
  const image = await normaliseBuilt(context, built, built.exported);
  if (isSeeded(built)) {
    const { refuseDrawn } = await import('./prove.ts');
    await refuseDrawn(context, built, image);
  }
  const builtLock = await lockOfBuilt(context, built, image);
  if (builtLock !== undefined) checkBuilt(context, plan, builtLock);
  const proof = plan.prove
    ? await (await import('./prove.ts')).proveBuild(context, built, image)
    : undefined;
  return { ...built, image, builtLock, proof };
}

async function keptFromBefore(
  context: PipelineContext,
  { plan, store, profiles, signer, image, proof }: Checked,
): Promise<KeptAttachments> {
  if (signer === undefined) return { attestations: [], referrers: [] };
  const made = { profiles, isProven: proof !== undefined };
  return attachedBefore(context, store, image.index, plan.settings, made);
}

/** What RUNs fetched as an artifact. Throws UserError if bytes to publish are gone. */
async function keepInputs(
  { paths, emit }: PipelineContext,
  { plan, store, recording, builtLock, image }: Checked,
): Promise<Descriptor | undefined> {
  const { lock, attest } = plan;
  if (recording === undefined || lock === undefined || builtLock === undefined) return undefined;
  if (!attest.provenance.on) return undefined;
  const { writeInputs } = await import('../reproduce/inputs.ts');
  const from = { cache: paths.cache, lockPath: lock.path, lock: builtLock };
  const request = { ...from, recording, subject: image.index };
  return writeInputs(store.blobs, request).catch((error: unknown) => {
    if (!(error instanceof UserError) || plan.withInputs) throw error;
    emit({ kind: 'notice', text: `${error.message}; the image can be replayed only here` });
    return undefined;
  });
}

/** A result rests on its day: ages, scanners' databases. Older ones are made again. */
const FRESH_MS = 24 * 60 * 60 * 1000;
const SCHEMA = 9;

interface Judged extends Attesting {
  /** How each platform was built: another Dockerfile that gives the same bytes is graded again. */
  readonly made: readonly Fact<BuildFact>[];
}

type Remembered = Omit<AttestedImage, 'scorecard'> & {
  readonly at: number;
  readonly scorecard: Scorecard | null;
};

/** What was signed and graded today for this digest and settings; undefined if any part is gone. */
export async function recallResult(
  context: PipelineContext,
  judged: Judged,
): Promise<AttestedImage | undefined> {
  const key = keyOf(context, judged);
  if (key === undefined) return undefined;
  const found = (await results(context).get(key)) as Remembered | undefined;
  if (found === undefined || context.now() - found.at > FRESH_MS || found.at > context.now())
    return undefined;
  const { referrers, tagged, scorecard, contents } = found;
  for (const { digest } of [...referrers, ...tagged.map((t) => t.descriptor)])
    if (!(await judged.store.blobs.has(digest))) return undefined;
  return { referrers, tagged, scorecard: scorecard ?? undefined, contents };
}

export async function rememberResult(
  context: PipelineContext,
  judged: Judged,
  { referrers, tagged, scorecard, contents }: AttestedImage,
): Promise<void> {
  const key = keyOf(context, judged);
  // What reports read, as plain JSON: the filesystem is a tree with functions.
  const plain = contents.map(({ facts, ...more }): ImageContents => {
    const { image, packages, attestations, vulnerabilities } = facts;
    return { ...more, facts: { image, packages, attestations, vulnerabilities } };
  });
  const made = { at: context.now(), referrers, tagged, scorecard: scorecard ?? null };
  const remembered: Remembered = { ...made, contents: plain };
  if (key !== undefined) await results(context).set(key, remembered);
}

function results(context: PipelineContext): JsonCache {
  return openCache(context, 'results', SCHEMA);
}

/** All that statements and verdicts depend on besides the bytes; undefined if not yet known. */
function keyOf(context: PipelineContext, judged: Judged): string | undefined {
  const { plan, vex, profiles, made, proof, kept, recording, image, signer } = judged;
  const by = signer === undefined ? null : signerPart(signer);
  if (by === undefined) return undefined;
  const { settings, names, epoch, grade, needed } = plan;
  const { sbom, sbomFormats: formats, provenance, sign, verdict } = plan.attest;
  const today = new Date(context.now()).toISOString().slice(0, 10);
  // How high the gate is changes nothing that is signed. Reports say where trust came from.
  const origins = settings.origins.filter(({ isTrust }) => isTrust);
  const parts = {
    version: context.version,
    digest: image.index.digest,
    made,
    judged: { ...settings, origins, ignored: null, gate: settings.gate.waivers },
    attest: { sbom, formats, provenance, sign, verdict },
    names,
    epoch,
    // The provenance lists it.
    fetches: recording && [plan.hermetic, [...recording.fetches], [...recording.incomplete]],
    // What the lock enforces counts as pinned.
    enforced: plan.lock === undefined ? null : (plan.sourcePolicy?.pins ?? []),
    grade,
    needed,
    // By what they say: a promise that is withdrawn is to count no longer.
    vex,
    // VEX can end with a day.
    day: vex.length + kept.referrers.length === 0 ? null : today,
    proof: proof?.reproducible ?? null,
    kept: kept.referrers.map(({ digest }) => digest),
    profiles: profiles.map(({ kind, predicate }) => ({ kind, predicate })),
    databases: databaseStamp(context),
    signer: by,
  };
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
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

/**
 * Signs and judges the image, or finds what was said of it before. Layers are not read before
 * `mayRead` ends.
 */
export async function attestImage(
  context: PipelineContext,
  checked: Checked,
  mayRead: Promise<unknown>,
): Promise<Attested> {
  const { image, signer } = checked;
  const made = image.platforms.map((one) => buildFact(checked, one.built, 0));
  const judged = { ...checked, made, kept: await keptFromBefore(context, checked) };
  const before = await recallResult(context, judged);
  if (before !== undefined) {
    for (const one of PARTS) context.emit({ kind: 'part', part: one, state: 'done' });
    const same = 'the same digest as before';
    const cached = (phase: Phase, detail: string): void => {
      context.emit({ kind: 'phase-done', phase, detail, seconds: 0, cached: true });
    };
    cached('inspect', same);
    cached('attest', `${before.referrers.length} statements`);
    if (before.scorecard !== undefined) cached('grade', same);
    return { ...checked, ...before };
  }
  const inputs = signer === undefined ? undefined : await keepInputs(context, checked);
  // An image that was judged before, as most are, loads nothing of it.
  const { inspectSignJudge } = await import('./inspect-sign-judge.ts');
  const result = await inspectSignJudge(context, judged, inputs, mayRead);
  await rememberResult(context, judged, result);
  return { ...checked, ...result };
}
