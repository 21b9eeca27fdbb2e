import { readReproduction } from '../../attestations/reproduction.ts';
import type { Digest } from '../../model/digest.ts';
import {
  type AttestationsFact,
  type Fact,
  known,
  type ReproductionFact,
  unknownFact,
} from '../../model/facts.ts';
import { PREDICATE_TYPE } from '../../model/statement.ts';

/**
 * What a second build of this image showed, where somebody whom the user trusts states it of one of
 * `digests`: the platform's manifest or its index. Of several statements, one of a build that
 * differed counts.
 */
export function reproductionFact(
  attestations: Fact<AttestationsFact>,
  digests: readonly Digest[],
): Fact<ReproductionFact> {
  const stated = attestations.known ? attestations.value.attestations : [];
  const results = stated
    .filter(
      ({ predicateType, verification, subjects }) =>
        predicateType === PREDICATE_TYPE.testResult &&
        verification === 'verified' &&
        subjects.some((subject) => digests.includes(subject)),
    )
    .flatMap(({ predicate }) => readReproduction(predicate) ?? []);
  const result = results.find(({ reproducible }) => !reproducible) ?? results[0];
  return result === undefined
    ? unknownFact(
        'no verified attestation states a second build',
        'scoville reproduce --attest -t IMAGE .',
      )
    : known({ ...result, statedBy: 'verified-attestation' }, 'verified-attestation');
}
