import { isBuiltVex } from '../../attestations/built-vex.ts';
import { isVerdict, madeKind } from '../../attestations/made-kind.ts';
import { PROFILE_ARTIFACT, PROFILE_PREDICATE } from '../../attestations/security-profile.ts';
import type { Descriptor } from '../../model/oci.ts';
import type { OpenedImage } from '../../model/opened-image.ts';
import type { Settings } from '../../model/settings.ts';
import { type FoundAttestation, PREDICATE_TYPE } from '../../model/statement.ts';
import { openCache } from '../../oci/layout/caches.ts';
import type { LayoutStore } from '../../oci/layout/layout-store.ts';
import { openStored } from '../../oci/layout/open-layout.ts';
import type { PipelineContext } from '../context.ts';
import { attestationOf } from '../grade/attestations-fact.ts';
import { NOBODY_NAMED, trustedSigners } from '../sign/trusted-signers.ts';
import { type AttachedEvidence, readAttachments } from '../verify/read-attachments.ts';
import { verifyAttachments } from '../verify/verify-attachments.ts';
import type { ProfileFile } from './read-profiles.ts';

export interface KeptAttachments {
  readonly attestations: readonly FoundAttestation[];
  readonly referrers: readonly Descriptor[];
}

interface Made {
  readonly profiles: readonly ProfileFile[];
  readonly isProven: boolean;
}

const NONE: KeptAttachments = { attestations: [], referrers: [] };
/** What each build states again. */
const OWN: readonly string[] = [
  PREDICATE_TYPE.cyclonedx,
  PREDICATE_TYPE.spdx,
  PREDICATE_TYPE.slsaProvenanceV1,
];

/**
 * What hangs on the last build of the same digest besides what a build makes itself, where it
 * verifies by the keys at hand: VEX, profiles, second builds, results of tests. `made` says which
 * profiles this build attaches, and whether it was proven.
 */
export async function attachedBefore(
  context: PipelineContext,
  store: LayoutStore,
  index: Descriptor,
  settings: Settings,
  made: Made,
): Promise<KeptAttachments> {
  const build = await store.lastOf(index.digest);
  if (build === undefined) return NONE;
  // Reading them all takes longer than all else that follows an unchanged build.
  const own = openCache(context, 'own-statements', 1);
  const { manifests } = build;
  const key = JSON.stringify([
    ...[context.version, index.digest, manifests.map(({ digest }) => digest)],
    ...[madeAnew(made), made.isProven],
  ]);
  if ((await own.get(key)) === true) return NONE;
  const image = await openStored(store.blobs, index, index.digest, manifests);
  try {
    const kept = await keptOf(context, image, settings, made);
    if (kept === undefined) await own.set(key, true);
    return kept ?? NONE;
  } finally {
    await image.close();
  }
}

/** What this build makes, and will not keep of the one before. */
function madeAnew({ profiles }: Pick<Made, 'profiles'>): readonly string[] {
  const ofProfiles = profiles.flatMap(({ kind }) => [
    PROFILE_PREDICATE[kind],
    PROFILE_ARTIFACT[kind],
  ]);
  return [...OWN, ...ofProfiles];
}

/** Undefined where all was read, and nothing but a build's own statements is there. */
async function keptOf(
  context: PipelineContext,
  image: OpenedImage,
  settings: Settings,
  made: Made,
): Promise<KeptAttachments | undefined> {
  const anew = madeAnew(made);
  const isKept = ({ says }: AttachedEvidence): boolean =>
    says.kind === 'statement' &&
    !anew.includes(says.predicateType) &&
    !isVerdict(says) &&
    !isBuiltVex(says.predicate, image.root.digest) &&
    !(made.isProven && madeKind(says) === 'second build');
  const read = await readAttachments(image);
  const candidates = read.found.filter(isKept);
  if (candidates.length === 0)
    return read.incomplete === undefined && read.unreadable.length === 0 ? undefined : NONE;
  const artifacts = new Set(candidates.map(({ attachment }) => attachment.descriptor.digest));
  // An artifact is vouched for by what hangs on it.
  const found = read.found.filter(
    (one) => candidates.includes(one) || artifacts.has(one.attachment.subject),
  );
  const trusted = await trustedSigners(context, settings, NOBODY_NAMED);
  const checked = await verifyAttachments(context, image, { ...read, found }, trusted);
  const held = checked.filter(({ verification }) => verification === 'verified');
  const kept = new Set(held.map(({ evidence }) => evidence.attachment.descriptor.digest));
  const { found: all } = await image.attachments();
  return {
    attestations: held.flatMap(attestationOf),
    referrers: all
      .filter(
        ({ kind, subject, descriptor }) =>
          kind === 'referrer' && (kept.has(descriptor.digest) || kept.has(subject)),
      )
      .map(({ descriptor }) => descriptor),
  };
}
