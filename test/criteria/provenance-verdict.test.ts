import { provenanceAttested } from '../../src/criteria/attested.ts';
import { type FoundAttestation, PREDICATE_TYPE } from '../../src/model/statement.ts';
import { judgesAs } from './criterion-table.ts';
import { attestation, attestations, factsOf, image, INDEX, OTHER } from './facts-builder.ts';

const v1 = (id: string) => ({
  buildDefinition: { buildType: 'https://example.com/b' },
  runDetails: { builder: { id } },
});
const v02 = (id: string) => ({ builder: { id }, buildType: 'https://mobyproject.org/buildkit@v1' });
const V1 = PREDICATE_TYPE.slsaProvenanceV1;
const V02 = PREDICATE_TYPE.slsaProvenanceV02;
const having = (...list: readonly FoundAttestation[]) =>
  factsOf({ image: image(), attestations: attestations(...list) });

judgesAs(provenanceAttested, [
  {
    name: 'v1 of the manifest',
    facts: having(attestation(V1, v1('https://ci'))),
    outcome: 'pass',
    says: 'built by https://ci',
    source: 'verified-attestation',
  },
  {
    name: 'v0.2 of the index',
    facts: having(attestation(V02, v02('ci'), { subjects: [INDEX] })),
    outcome: 'pass',
    says: 'ci',
  },
  {
    name: 'unverified, marked so',
    facts: having(
      attestation(V02, v02('ci'), { verification: 'unverified', source: 'buildkit-manifest' }),
    ),
    outcome: 'pass',
    says: 'ci',
    source: 'unverified-attestation',
  },
  {
    name: 'this build’s own',
    facts: having(attestation(V1, v1('ci'), { source: 'this-build' })),
    outcome: 'pass',
    says: 'ci',
    source: 'build',
  },
  {
    name: 'a sound one beside an empty builder',
    facts: having(
      attestation(V02, v02('')),
      attestation(V1, v1('ci'), { verification: 'unverified' }),
    ),
    outcome: 'pass',
    says: 'ci',
  },
  {
    name: 'another subject',
    facts: having(attestation(V1, v1('ci'), { subjects: [OTHER] })),
    outcome: 'fail',
    says: 'another image',
  },
  {
    name: 'no subject',
    facts: having(attestation(V1, v1('ci'), { subjects: [] })),
    outcome: 'fail',
    says: 'another image',
  },
  {
    name: 'empty builder id',
    facts: having(attestation(V02, v02(' '))),
    outcome: 'fail',
    says: 'does not name a builder',
  },
  {
    name: 'does not parse',
    facts: having(attestation(V1, 'text')),
    outcome: 'fail',
    says: 'not state a build type',
  },
  {
    name: 'null predicate',
    facts: having(attestation(V1, null)),
    outcome: 'fail',
    says: 'not state a build type',
  },
  {
    name: 'signature does not verify',
    facts: having(attestation(V1, v1('ci'), { verification: 'failed' })),
    outcome: 'fail',
    says: 'signature does not verify',
  },
  {
    name: 'an attestation of another kind',
    facts: having(attestation(PREDICATE_TYPE.spdx, v1('ci'))),
    outcome: 'fail',
    says: 'no provenance',
  },
  { name: 'none', facts: having(), outcome: 'fail', says: 'no provenance' },
  {
    name: 'registry down',
    facts: factsOf({ image: image() }),
    outcome: 'unknown',
    says: 'not gathered',
  },
]);
