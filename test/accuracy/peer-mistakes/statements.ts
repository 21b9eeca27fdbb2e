import { HARDENED, OS_PACKAGES } from '../starting-points.ts';
import { sbom } from '../statements.ts';
import { FF, FP, of, type PeerMistake } from './mistake.ts';

/** Its checks of signatures, statements and age. */
export const ATTESTED: readonly PeerMistake[] = [
  ...of('image_signed', 'signed', HARDENED, [
    [
      FF,
      'signed with a key',
      { signatures: [{ kind: 'cosign-tag', verification: 'verified', verifiedBy: 'release.pub' }] },
      'pass',
      /release\.pub/,
    ],
    [
      FF,
      'notation',
      { signatures: [{ kind: 'notation', verification: 'verified', verifiedBy: 'ca.pem' }] },
      'pass',
      /ca\.pem/,
    ],
    [
      FF,
      'a bundle of cosign 3',
      {
        signatures: [
          { kind: 'cosign-bundle', verification: 'verified', verifiedBy: 'release.pub' },
        ],
      },
      'pass',
      /cosign-bundle/,
    ],
    [
      FF,
      'the network is down',
      { attestationsUnreachable: 'registry.example.com did not answer' },
      'unknown',
      /did not answer/,
    ],
    [
      FP,
      'any identity',
      { signatures: [{ kind: 'cosign-tag', verification: 'verified', verifiedBy: '.*' }] },
      'unknown',
      /proves no signer/,
    ],
    [FP, 'a local image', { signatures: [] }, 'fail', /no signature/],
  ]),
  ...of('recent_build', 'recently-updated', HARDENED, [
    [
      FP,
      'pushed lately, built long ago',
      { created: '2024-01-01T00:00:00Z', attestations: () => [] },
      'fail',
      /790 days ago/,
    ],
    [
      FF,
      'created at zero, with provenance',
      { created: '1970-01-01T00:00:00Z' },
      'pass',
      /2 days ago/,
    ],
    [
      FF,
      'created at zero, without',
      { created: '1970-01-01T00:00:00Z', attestations: () => [] },
      'unknown',
      /older than container images/,
    ],
  ]),
  ...of('attestations', 'provenance', HARDENED, [
    [FP, 'one platform, no provenance', { attestations: () => [] }, 'fail', /no provenance/],
    [
      FP,
      'a registry that does not answer',
      { attestationsUnreachable: 'connection refused' },
      'unknown',
      /connection refused/,
    ],
    [FF, 'a bundle as a referrer', {}, 'pass', /built by https:\/\/ci\.example\.com/],
  ]),
  ...of('sbom', 'sbom', HARDENED, [
    [
      FP,
      'a registry that does not answer',
      { attestationsUnreachable: 'connection refused' },
      'unknown',
      /connection refused/,
    ],
    [
      FF,
      'on the index of several platforms',
      { attestations: (s) => [sbom({ manifest: s.index }, OS_PACKAGES)] },
      'pass',
      /4 of the image’s 4 packages/,
    ],
  ]),
];
