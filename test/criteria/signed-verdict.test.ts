import { signed } from '../../src/criteria/attested.ts';
import { known, type SignatureFact } from '../../src/model/facts.ts';
import { judgesAs } from './criterion-table.ts';
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
  {
    name: 'verified with a key',
    facts: having(signature('verified', 'cosign.pub')),
    outcome: 'pass',
    says: 'verified against cosign.pub',
    source: 'verified-attestation',
  },
  {
    name: 'this build’s own',
    facts: factsOf({
      attestations: known(
        { signatures: [signature('verified', 'this build’s key')], attestations: [] },
        'build',
      ),
    }),
    outcome: 'pass',
    says: 'verified',
    source: 'build',
  },
  {
    name: 'notation',
    facts: having({ ...signature('verified', 'ca.pem'), kind: 'notation' }),
    outcome: 'pass',
    says: 'ca.pem',
  },
  {
    name: 'one of two verifies',
    facts: having(signature('failed'), signature('verified', 'k.pub')),
    outcome: 'pass',
    says: 'k.pub',
  },
  {
    name: 'none found, and a place that could not be asked',
    facts: factsOf({
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
    settle: 'ask the registry',
    outcome: 'unknown',
    says: 'refused',
  },
  {
    name: 'verified, and the index lists what no signature answers for',
    facts: factsOf({
      attestations: known(
        {
          signatures: [{ kind: 'cosign-bundle', verification: 'verified', verifiedBy: 'k.pub' }],
          attestations: [],
          unsigned: 'the index lists something else',
        },
        'image',
      ),
    }),
    settle: 'push an index of images alone, and sign it: cosign sign REPOSITORY@DIGEST',
    outcome: 'unknown',
    says: 'something else',
  },
  ...['.*', '^.*$', 'identity (.+), issuer x', '*', '', '^.{0,}$'].map((anyone) => ({
    name: `verified against ${JSON.stringify(anyone)}, which anyone meets`,
    facts: having(signature('verified', anyone)),
    outcome: 'unknown' as const,
    says: 'proves no signer',
  })),
  {
    name: 'verified against nothing named',
    facts: having(signature('verified')),
    outcome: 'unknown',
    says: 'proves no signer',
  },
  {
    name: 'ok- a pattern that names a domain',
    facts: having(signature('verified', '.*@example.com of https://accounts.example.com')),
    outcome: 'pass',
    says: 'example.com',
  },
  { name: 'no signature', facts: having(), outcome: 'fail', says: 'no signature', source: 'image' },
  {
    name: 'does not hold',
    facts: having(signature('failed', 'k.pub')),
    outcome: 'fail',
    says: 'none verifies',
  },
  {
    name: 'nothing to verify with',
    facts: having(signature('unverified')),
    outcome: 'unknown',
    says: 'no key or identity',
    source: 'unverified-attestation',
  },
  {
    name: 'one failed, one could not be checked',
    facts: having(signature('failed'), signature('unverified')),
    outcome: 'unknown',
    says: '2 signatures',
  },
  {
    name: 'verified against any identity',
    facts: having(signature('verified', 'identity .* issuer .*')),
    outcome: 'unknown',
    says: 'any identity',
  },
  {
    name: 'ok- an identity with a dot and star inside',
    facts: having(signature('verified', 'https://github.com/acme/.*')),
    outcome: 'pass',
    says: 'acme',
  },
  { name: 'registry down', facts: factsOf(), outcome: 'unknown', says: 'not gathered' },
]);
