import {
  type AttestationsFact,
  type BuildFact,
  type EvidenceSource,
  type Fact,
  type Facts,
  type ImageFact,
  unknownFact,
} from '../../../model/facts.ts';
import { type Annotations, type ImageConfig, OWN_ANNOTATION } from '../../../model/oci.ts';

const SAID = 'only the image itself says so, and nobody is known to have signed it';

/** Annotations that state what the image's bytes do not show. */
const CLAIMS: readonly string[] = ['org.opencontainers.image.base.name', OWN_ANNOTATION.secrets];

/**
 * The facts without what only the image says about itself: statements that nobody is known to have
 * signed, its history, `created`, and annotations that claim something. What this run built, and
 * what a verified signature of the image covers, stays.
 */
export function withoutClaims(facts: Facts): Facts {
  const { image, build, attestations } = facts;
  if (image.known && image.source === 'build') return facts;
  const isSigned =
    attestations.known &&
    attestations.value.signatures.some(({ verification }) => verification === 'verified');
  return {
    ...facts,
    attestations: withoutUnsigned(attestations),
    build: unclaimedBuild(build),
    image: isSigned ? image : unclaimedImage(image),
  };
}

function withoutUnsigned(fact: Fact<AttestationsFact>): Fact<AttestationsFact> {
  if (!fact.known) return fact;
  const attestations = fact.value.attestations.filter(
    ({ verification, source }) => verification !== 'unverified' || source === 'this-build',
  );
  return { ...fact, value: { ...fact.value, attestations } };
}

function isClaim(source: EvidenceSource): boolean {
  return source === 'unverified-attestation' || source === 'image';
}

function unclaimedBuild(fact: Fact<BuildFact>): Fact<BuildFact> {
  if (!fact.known || !isClaim(fact.source)) return fact;
  const { dockerfile, images, analysis } = fact.value;
  if (!dockerfile.known || isClaim(dockerfile.source)) return unknownFact(SAID);
  return {
    known: true,
    source: dockerfile.source,
    value: { dockerfile, images, ...(analysis === undefined ? {} : { analysis }) },
  };
}

function unclaimedImage(fact: Fact<ImageFact>): Fact<ImageFact> {
  if (!fact.known) return fact;
  const { annotations, config } = fact.value;
  const { index, manifest, labels } = annotations;
  const rest = Object.entries(config).filter(([key]) => key !== 'created' && key !== 'history');
  return {
    ...fact,
    value: {
      ...fact.value,
      config: Object.fromEntries(rest) as unknown as ImageConfig,
      annotations: {
        index: unclaimed(index),
        manifest: unclaimed(manifest),
        labels: unclaimed(labels),
      },
    },
  };
}

function unclaimed(annotations: Annotations): Annotations {
  return Object.fromEntries(Object.entries(annotations).filter(([key]) => !CLAIMS.includes(key)));
}
