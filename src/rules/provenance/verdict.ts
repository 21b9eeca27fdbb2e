import { field } from '../../model/json-value.ts';
import { type FoundAttestation, PREDICATE_TYPE } from '../../model/statement.ts';
import {
  attestationEvidence,
  attested,
  noneOwn,
  textField,
  trustIn,
} from '../shared/verdict/attested.ts';
import { criterion } from '../shared/verdict/criterion.ts';
import { fail, pass } from '../shared/verdict/verdict.ts';

const SLSA = /^https:\/\/slsa\.dev\/provenance\/v(?:0\.[12]|1(?:\.\d+)?)$/;

/** Builder and build type, from SLSA v1 (`buildDefinition`, `runDetails`) or v0.2 provenance. */
function builderOf({ predicate, predicateType }: FoundAttestation): {
  builder: string | undefined;
  buildType: string | undefined;
} {
  if (predicateType.startsWith(PREDICATE_TYPE.slsaProvenanceV1))
    return {
      builder: textField(field(field(predicate, 'runDetails'), 'builder'), 'id'),
      buildType: textField(field(predicate, 'buildDefinition'), 'buildType'),
    };
  return {
    builder: textField(field(predicate, 'builder'), 'id'),
    buildType: textField(predicate, 'buildType') ?? textField(field(predicate, 'recipe'), 'type'),
  };
}

/** Undefined where the statement is sound. */
function flawOf(found: FoundAttestation): string | undefined {
  const { builder, buildType } = builderOf(found);
  if (buildType === undefined)
    return 'it does not state a build type, so it is not SLSA provenance';
  return builder === undefined ? 'it does not name a builder' : undefined;
}

export const provenanceAttested = criterion({
  id: 'provenance',
  title: 'SLSA provenance attestation',
  vector: 'provenance',
  level: 4,
  spec: '#slsa-provenance-attestations',
  why: 'Provenance states from which source, by which builder and with which inputs the image was built.',
  needs: ['image', 'attestations'],
  decidedBy:
    'A SLSA provenance statement (v0.2 or v1) that parses, names its builder and has this ' +
    'image as its subject: its manifest or the index that lists it. Another subject, an ' +
    'empty builder id or a signature that does not verify fails. An unverified statement ' +
    'passes where it fits the image’s history and `created`, and is marked as self-declared.',
  check: ({ image, attestations }) => {
    const found = attested(attestations, image, (type) => SLSA.test(type));
    if (found.own.length === 0) return noneOwn(found, 'provenance', attestations);
    const sound = found.own.find((one) => flawOf(one) === undefined);
    if (sound === undefined)
      return fail(
        found.own.map(flawOf).find((flaw) => flaw !== undefined) ?? 'no sound provenance',
        found.own.map((one) => attestationEvidence(one, flawOf(one))),
      );
    const builder = builderOf(sound).builder ?? '';
    return pass(`built by ${builder}`, [attestationEvidence(sound, `builder ${builder}`)], {
      source: trustIn(sound),
    });
  },
  remedies: [
    {
      title: 'Attach SLSA provenance',
      detail:
        'Build with scoville, which attests SLSA v1 provenance for the image it publishes, or give buildx --provenance=mode=max and a named builder.',
      example: 'scoville build --push -t IMAGE .',
    },
  ],
});
