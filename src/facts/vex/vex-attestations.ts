import { PREDICATE_TYPE, type FoundAttestation } from '../../model/statement.ts';
import { isCyclonedxVex } from './vex-cyclonedx.ts';
import type { VexImage } from './vex-match.ts';
import type { VexDocument } from './vex-statement.ts';

/**
 * The VEX documents among the attestations on an image: OpenVEX, and CycloneDX that says something
 * of vulnerabilities. Those about another image are left out; those that are not verified come as
 * untrusted, so that a report can say what they would do.
 */
export function vexOfAttestations(
  attestations: readonly FoundAttestation[],
  image: VexImage,
): readonly VexDocument[] {
  return attestations
    .filter(({ subjects }) => subjects.some((subject) => image.digests.includes(subject)))
    .filter(isVex)
    .map(({ predicate, verification, subjects, digest, source }) => ({
      name: `attestation ${digest ?? source}`,
      trusted: verification === 'verified',
      value: predicate,
      subjects,
    }));
}

function isVex({ predicateType, predicate }: FoundAttestation): boolean {
  if (predicateType.startsWith(PREDICATE_TYPE.openvex)) return true;
  // cosign's name for it has a version behind, older ones none.
  return (
    /^https:\/\/cyclonedx\.org\/(?:bom|vex|schema)\b/.test(predicateType) &&
    isCyclonedxVex(predicate)
  );
}
