import { vexOfAttestations } from '../../facts/vex/vex-attestations.ts';
import type { Digest } from '../../model/digest.ts';
import {
  type AttestationsFact,
  type Fact,
  known,
  type ReproductionFact,
  unknownFact,
} from '../../model/facts.ts';
import type { OpenedImage } from '../../model/opened-image.ts';
import { familiarReference, parseReference } from '../../model/reference.ts';
import { type FoundAttestation, isAboutPlatform, PREDICATE_TYPE } from '../../model/statement.ts';
import { openStored } from '../../oci/layout/open-layout.ts';
import type { AssessedPlatform, PlatformEvidence } from '../assess/evidence.ts';
import { reproductionFact } from '../grade/reproduction-fact.ts';
import type { FinalImage, FinalPlatform } from '../image-under-build.ts';
import type { SignedStatement } from '../sign/sign-statements.ts';
import { buildFact, recordedArguments } from './build-fact.ts';
import type { Checked, Proof } from './states.ts';

export type BuiltEvidence = PlatformEvidence & { readonly own: FinalPlatform };

/** The image of the layout, opened as any other is. */
export function openBuilt(
  { plan, store }: Pick<Checked, 'plan' | 'store'>,
  image: FinalImage,
): Promise<OpenedImage> {
  const reference = parseReference(plan.names[0] ?? '');
  const name = reference.ok ? familiarReference(reference.value) : image.index.digest;
  return openStored(store.blobs, image.index, name);
}

/** What only the build knows: how it was made, and which layers its base brought. */
export function evidenceOf(
  checked: Checked,
  { platforms, root, name }: OpenedImage,
  image: FinalImage,
  finishedAt: number,
): readonly BuiltEvidence[] {
  const reference = parseReference(name);
  return image.platforms.map((own) => {
    const platform = platforms.find((p) => p.descriptor.digest === own.descriptor.digest);
    // One that is published and not judged must not go by unseen.
    if (platform === undefined)
      throw new Error(`${own.descriptor.digest} was built and cannot be opened`);
    const { built, baseLayers } = own;
    return {
      own,
      platform,
      build: buildFact(checked, built, finishedAt),
      buildArgs: recordedArguments(built),
      predicates: [built.provenance?.predicate],
      vex: [
        ...checked.vex,
        ...vexOfAttestations(checked.kept.attestations, {
          digests: [platform.descriptor.digest, root.digest],
          references: reference.ok ? [reference.value] : [],
        }),
      ],
      baseLayers,
    };
  });
}

/** What this build signed for a platform, or for the index. */
export function statementsOf(
  { own }: BuiltEvidence,
  image: FinalImage,
  signed: readonly SignedStatement[],
  { proof, kept }: Pick<Checked, 'proof' | 'kept'>,
): Pick<AssessedPlatform, 'attestations' | 'reproduction'> {
  const digests = { root: image.index.digest, platform: own.descriptor.digest };
  const parts = image.platforms.map(({ descriptor }) => descriptor.digest);
  const mine = signed.filter(({ subjects }) => isAboutPlatform(subjects, digests, parts));
  const isSignature = ({ predicateType }: SignedStatement): boolean =>
    predicateType === PREDICATE_TYPE.cosignSign;
  const attestations = known<AttestationsFact>(
    {
      signatures: mine.filter(isSignature).map(({ verifiedBy, digest, origin }) => ({
        kind: 'cosign-bundle',
        verification: verifiedBy === undefined ? 'unverified' : 'verified',
        digest,
        ...(origin === undefined ? {} : { origin }),
        ...(verifiedBy === undefined ? {} : { verifiedBy }),
      })),
      attestations: [
        ...mine
          .filter((one) => !isSignature(one))
          .map(({ predicateType, predicate, subjects, digest }): FoundAttestation => ({
            predicateType,
            predicate,
            subjects,
            source: 'this-build',
            verification: 'verified',
            digest,
          })),
        ...kept.attestations,
      ],
    },
    'build',
  );
  return {
    attestations,
    reproduction: reproductionOf(attestations, [digests.root, digests.platform], proof),
  };
}

/** By the second build of this run, else by one that was attested before. */
function reproductionOf(
  attestations: Fact<AttestationsFact>,
  digests: readonly Digest[],
  proof: Proof | undefined,
): Fact<ReproductionFact> {
  if (proof !== undefined) {
    const { reproducible, differences } = proof;
    const value = { reproducible, differences: differences.length, statedBy: 'this-run' } as const;
    return known(value, 'build');
  }
  const before = reproductionFact(attestations, digests);
  return before.known
    ? before
    : unknownFact('not tested yet: the build ran once', 'scoville build --prove -t IMAGE .');
}
