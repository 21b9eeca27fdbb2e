import { openCache } from '../image/caches.ts';
import type { LayoutStore } from '../image/layout/store.ts';
import type { PipelineContext } from '../model/context.ts';
import type { Descriptor } from '../model/image.ts';
import type { Settings } from '../model/settings.ts';
import { PREDICATE_TYPE } from '../model/statement.ts';
import { PROFILE_ARTIFACT, PROFILE_PREDICATE, type ProfileFile } from './profile-artifact.ts';
import type { KeptAttachments } from './renew-verdict.ts';

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
 * What the last build of the same digest has beside what a build makes itself, where it verifies by
 * the keys here: VEX, profiles, second builds, results of tests. `made` says which profiles this
 * build attaches, and whether it was proven.
 */
export async function attachedBefore(
  context: PipelineContext,
  store: LayoutStore,
  index: Descriptor,
  settings: Settings,
  { profiles, isProven }: Made,
): Promise<KeptAttachments> {
  const build = await store.lastOf(index.digest);
  if (build === undefined) return NONE;
  const { manifests } = build;
  // What this build makes, and will not keep of the one before.
  const anew = [
    ...OWN,
    ...profiles.flatMap(({ kind }) => [PROFILE_PREDICATE[kind], PROFILE_ARTIFACT[kind]]),
  ];
  // Reading them all, and loading what reads them, takes longer than all else that follows an
  // unchanged build.
  const own = openCache(context, 'own-statements', 1);
  const digests = manifests.map(({ digest }) => digest);
  const key = JSON.stringify([context.version, index.digest, digests, anew, isProven]);
  if ((await own.get(key)) === true) return NONE;
  const { stillVerified } = await import('./renew-verdict.ts');
  const made = { types: anew, isProven };
  const { isOwn, ...kept } = await stillVerified(
    context,
    store.blobs,
    { index, manifests },
    settings,
    made,
  );
  if (isOwn) await own.set(key, true);
  return kept;
}
