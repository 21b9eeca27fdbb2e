import { signed } from '../../src/criteria/attested.ts';
import { known, type SignatureFact } from '../../src/model/facts.ts';
import { judgesAs, type Row } from './criterion-table.ts';
import { factsOf } from './facts-builder.ts';

const having = (...signatures: readonly SignatureFact[]) =>
  factsOf({ attestations: known({ signatures, attestations: [] }, 'verified-attestation') });
const signature = (
  verification: SignatureFact['verification'],
  verifiedBy?: string,
): SignatureFact => ({
  kind: 'cosign-bundle',
  verification,
  ...(verifiedBy === undefined ? {} : { verifiedBy }),
});

judgesAs(signed, [
  [
    'pass',
    'verified with a key',
    having(signature('verified', 'cosign.pub')),
    'verified against cosign.pub',
    { source: 'verified-attestation' },
  ],
  [
    'pass',
    'this build’s own',
    factsOf({
      attestations: known(
        { signatures: [signature('verified', 'this build’s key')], attestations: [] },
        'build',
      ),
    }),
    'verified',
    { source: 'build' },
  ],
  ['pass', 'notation', having({ ...signature('verified', 'ca.pem'), kind: 'notation' }), 'ca.pem'],
  [
    'pass',
    'one of two verifies',
    having(signature('failed'), signature('verified', 'k.pub')),
    'k.pub',
  ],
  [
    'unknown',
    'none found, and a place that could not be asked',
    factsOf({
      attestations: known(
        {
          signatures: [],
          attestations: [],
          incomplete: 'the fallback tag was refused',
          settle: 'ask the registry',
        },
        'image',
      ),
    }),
    'refused',
    { settle: 'ask the registry' },
  ],
  [
    'unknown',
    'verified, and the index lists what no signature answers for',
    factsOf({
      attestations: known(
        {
          signatures: [{ kind: 'cosign-bundle', verification: 'verified', verifiedBy: 'k.pub' }],
          attestations: [],
          unsigned: 'the index lists something else',
        },
        'image',
      ),
    }),
    'something else',
    { settle: 'push an index of images alone, and sign it: cosign sign REPOSITORY@DIGEST' },
  ],
  ...['.*', '^.*$', 'identity (.+), issuer x', '*', '', '^.{0,}$'].map((anyone): Row => [
    'unknown',
    `verified against ${JSON.stringify(anyone)}, which anyone meets`,
    having(signature('verified', anyone)),
    'proves no signer',
  ]),
  ['unknown', 'verified against nothing named', having(signature('verified')), 'proves no signer'],
  [
    'pass',
    'ok- a pattern that names a domain',
    having(signature('verified', '.*@example.com of https://accounts.example.com')),
    'example.com',
  ],
  ['fail', 'no signature', having(), 'no signature', { source: 'image' }],
  ['fail', 'does not hold', having(signature('failed', 'k.pub')), 'none verifies'],
  [
    'unknown',
    'nothing to verify with',
    having(signature('unverified')),
    'no key or identity',
    { source: 'unverified-attestation' },
  ],
  [
    'unknown',
    'one failed, one could not be checked',
    having(signature('failed'), signature('unverified')),
    '2 signatures',
  ],
  [
    'unknown',
    'verified against any identity',
    having(signature('verified', 'identity .* issuer .*')),
    'any identity',
  ],
  [
    'pass',
    'ok- an identity with a dot and star inside',
    having(signature('verified', 'https://github.com/acme/.*')),
    'acme',
  ],
  ['unknown', 'registry down', factsOf(), 'not gathered'],
]);
