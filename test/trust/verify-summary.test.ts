import { expect, test } from 'vitest';
import type { CheckedAttachment } from '../../src/trust/verify-attached.ts';
import { signedBy } from '../../src/trust/verify-image.ts';

const identity = { subject: 'jane@corp.com.evil.com', issuer: 'https://issuer.example' };

test.each([
  [
    '/jane@corp/ (https://issuer.example)',
    'jane@corp.com.evil.com (https://issuer.example), which fits /jane@corp/ (https://issuer.example)',
  ],
  [
    'jane@corp.com.evil.com (https://issuer.example) (trust.identities)',
    'jane@corp.com.evil.com (https://issuer.example) (trust.identities)',
  ],
])('who signed is named, not only what was asked for: %s', (verifiedBy, named) => {
  const evidence = { proof: { kind: 'statement', signedWith: 'certificate' } };
  const checked = { evidence, verification: 'verified', verifiedBy, origin: { identity } };
  expect(signedBy([checked as unknown as CheckedAttachment])).toEqual({
    signedBy: named,
    signedWith: { kind: 'certificate', identity },
  });
});
