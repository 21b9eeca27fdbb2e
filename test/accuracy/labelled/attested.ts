import { digestOf } from '../../../src/model/reference.ts';
import { DOCKERFILE, hardenedBut, type Labelled, OS_PACKAGES } from '../starting-points.ts';
import { KEY, provenance, sbom, seccomp } from '../statements.ts';

const OTHER = { manifest: digestOf('another image') };

/** Signatures and provenance: of the image, of others, and of nobody. */
export const ATTESTED_LABELLED: readonly Labelled[] = [
  hardenedBut('no signature', { signatures: [] }, { signed: 'fail' }),
  hardenedBut(
    'a signature without a key to check it',
    { signatures: [{ kind: 'cosign-bundle', verification: 'unverified' }] },
    { signed: 'unknown' },
  ),
  hardenedBut(
    'a signature that anybody could have made',
    {
      signatures: [
        { kind: 'cosign-bundle', verification: 'verified', verifiedBy: 'identity .* of issuer .*' },
      ],
    },
    { signed: 'unknown' },
  ),
  hardenedBut(
    'a signature verified against nothing named',
    { signatures: [{ kind: 'cosign-bundle', verification: 'verified' }] },
    { signed: 'unknown' },
  ),
  hardenedBut(
    'a signature that does not hold',
    { signatures: [{ kind: 'cosign-tag', verification: 'failed', detail: 'wrong digest' }] },
    { signed: 'fail' },
  ),
  hardenedBut('a bad signature beside a good one', {
    signatures: [
      { kind: 'cosign-tag', verification: 'failed' },
      { kind: 'notation', verification: 'verified', verifiedBy: KEY },
    ],
  }),
  hardenedBut(
    'the place of attestations could not be asked',
    { attestationsUnreachable: 'the registry did not answer' },
    {
      signed: 'unknown',
      provenance: 'unknown',
      sbom: 'unknown',
      'security-profile': 'unknown',
    },
  ),
  hardenedBut(
    'one of the places could not be asked, and the others hold nothing',
    {
      attestationsIncomplete: 'the referrers API answered 500',
      signatures: [],
      attestations: () => [],
    },
    { signed: 'unknown', provenance: 'unknown', sbom: 'unknown', 'security-profile': 'unknown' },
  ),
  hardenedBut(
    'provenance of another image',
    { attestations: (s) => [provenance(OTHER), sbom(s, OS_PACKAGES), seccomp(s)] },
    { provenance: 'fail' },
  ),
  hardenedBut(
    'provenance without a builder',
    { attestations: (s) => [provenance(s, { builder: ' ' }), sbom(s, OS_PACKAGES), seccomp(s)] },
    { provenance: 'fail' },
  ),
  hardenedBut(
    'provenance whose signature does not hold',
    {
      attestations: (s) => [
        provenance(s, {}, { verification: 'failed' }),
        sbom(s, OS_PACKAGES),
        seccomp(s),
      ],
    },
    { provenance: 'fail' },
  ),
  hardenedBut('provenance that nobody signed', {
    attestations: (s) => [
      provenance(s, {}, { verification: 'unverified', source: 'buildkit-manifest' }),
      sbom(s, OS_PACKAGES),
      seccomp(s),
    ],
  }),
  hardenedBut('provenance about the index that lists the image', {
    attestations: (s) => [
      provenance({ manifest: s.index }),
      sbom({ manifest: s.index }, OS_PACKAGES),
      seccomp(s),
    ],
  }),
  hardenedBut('the Dockerfile is in the provenance', {
    dockerfile: undefined,
    attestations: (s) => [
      provenance(s, { dockerfile: DOCKERFILE }),
      sbom(s, OS_PACKAGES),
      seccomp(s),
    ],
  }),
  hardenedBut(
    'the Dockerfile in another image’s provenance is not this one’s',
    {
      dockerfile: undefined,
      attestations: (s) => [
        provenance(OTHER, { dockerfile: DOCKERFILE }),
        sbom(s, OS_PACKAGES),
        seccomp(s),
      ],
    },
    {
      provenance: 'fail',
      'trusted-source': 'unknown',
      'verified-downloads': 'unknown',
      'pinned-images': 'unknown',
      'pinned-packages': 'unknown',
    },
  ),
];
