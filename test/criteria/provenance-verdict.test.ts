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
  [
    'pass',
    'v1 of the manifest',
    having(attestation(V1, v1('https://ci'))),
    'built by https://ci',
    { source: 'verified-attestation' },
  ],
  ['pass', 'v0.2 of the index', having(attestation(V02, v02('ci'), { subjects: [INDEX] })), 'ci'],
  [
    'pass',
    'unverified, marked so',
    having(
      attestation(V02, v02('ci'), { verification: 'unverified', source: 'buildkit-manifest' }),
    ),
    'ci',
    { source: 'unverified-attestation' },
  ],
  [
    'pass',
    'this build’s own',
    having(attestation(V1, v1('ci'), { source: 'this-build' })),
    'ci',
    { source: 'build' },
  ],
  [
    'pass',
    'a sound one beside an empty builder',
    having(attestation(V02, v02('')), attestation(V1, v1('ci'), { verification: 'unverified' })),
    'ci',
  ],
  [
    'fail',
    'another subject',
    having(attestation(V1, v1('ci'), { subjects: [OTHER] })),
    'another image',
  ],
  ['fail', 'no subject', having(attestation(V1, v1('ci'), { subjects: [] })), 'another image'],
  ['fail', 'empty builder id', having(attestation(V02, v02(' '))), 'does not name a builder'],
  ['fail', 'does not parse', having(attestation(V1, 'text')), 'not state a build type'],
  ['fail', 'null predicate', having(attestation(V1, null)), 'not state a build type'],
  [
    'fail',
    'signature does not verify',
    having(attestation(V1, v1('ci'), { verification: 'failed' })),
    'signature does not verify',
  ],
  [
    'fail',
    'an attestation of another kind',
    having(attestation(PREDICATE_TYPE.spdx, v1('ci'))),
    'no provenance',
  ],
  ['fail', 'none', having(), 'no provenance'],
  ['unknown', 'registry down', factsOf({ image: image() }), 'not gathered'],
]);
