import { digestOf } from '../../../src/model/reference.ts';
import type { FoundAttestation } from '../../../src/model/statement.ts';
import { program } from '../../facts/support.ts';
import type { Layer, Subjects } from '../made-image.ts';
import { APP, HARDENED, hardenedBut, type Labelled, OS_PACKAGES } from '../starting-points.ts';
import { attestation, provenance, sbom, seccomp } from '../statements.ts';

const OTHER = { manifest: digestOf('another image') };
const BAD = { sbom: 'fail' } as const;

/** The hardened image with this SBOM in place of its own. */
function listed(
  name: string,
  make: (subjects: Subjects) => FoundAttestation,
  differs = {},
  layers: readonly Layer[] = HARDENED.layers,
): Labelled {
  return hardenedBut(
    name,
    { layers, attestations: (s) => [provenance(s), make(s), seccomp(s)] },
    differs,
  );
}

/** An image in which no package is found, with an SBOM of these components. */
function static_(name: string, components: Parameters<typeof sbom>[1], differs = {}): Labelled {
  return listed(name, (s) => sbom(s, components), differs, [[program('server')], APP]);
}

/**
 * The hardened image with these profiles in place of its own, none of which is tighter than the
 * default.
 */
function loose(name: string, ...profiles: readonly unknown[]): Labelled {
  return hardenedBut(
    name,
    {
      attestations: (s) => [
        provenance(s),
        sbom(s, OS_PACKAGES),
        ...profiles.map((profile) => seccomp(s, profile)),
      ],
    },
    { 'security-profile': 'fail' },
  );
}

const seccompOf = (syscalls: unknown, defaultAction = 'SCMP_ACT_ERRNO') => ({
  defaultAction,
  syscalls,
});

/** What an SBOM names against what the image holds, and profiles against the engine's default. */
export const LISTED_LABELLED: readonly Labelled[] = [
  listed('SBOM of another digest', () => sbom(OTHER, OS_PACKAGES), BAD),
  listed('an SBOM that is empty', (s) => sbom(s, []), BAD),
  listed(
    'an SBOM of other packages under this digest',
    (s) => sbom(s, ['musl', 'busybox', 'apk-tools', 'zlib']),
    BAD,
  ),
  listed('an SBOM of half the packages', (s) => sbom(s, OS_PACKAGES.slice(0, 2)), BAD),
  listed('an SBOM that leaves out one of four', (s) => sbom(s, OS_PACKAGES.slice(0, 3))),
  listed(
    'something else by the type of an SBOM',
    (s) => attestation('https://spdx.dev/Document', { hello: 'world' }, s),
    BAD,
  ),
  listed(
    'an SBOM whose signature does not hold',
    (s) => sbom(s, OS_PACKAGES, { verification: 'failed' }),
    BAD,
  ),
  listed('an SBOM by SPDX', (s) =>
    attestation(
      'https://spdx.dev/Document',
      {
        spdxVersion: 'SPDX-2.3',
        packages: OS_PACKAGES.map((name) => ({
          name,
          SPDXID: `SPDXRef-${name}`,
          versionInfo: '1.0-1',
        })),
      },
      s,
    ),
  ),
  static_('no package, and an SBOM that names the program', [
    { type: 'application', name: 'server', version: '1.2.0' },
  ]),
  static_(
    'no package, and an SBOM that names a program of another image',
    [{ type: 'file', name: '/usr/bin/other' }],
    BAD,
  ),
  static_('no package, and an empty SBOM', [], BAD),
  static_('no package, and an SBOM of a whole system', OS_PACKAGES, BAD),
  loose(
    'a profile that allows what the default forbids',
    seccompOf([{ names: ['read', 'mount', 'bpf'], action: 'SCMP_ACT_ALLOW' }]),
  ),
  loose('a profile that allows all', seccompOf([], 'SCMP_ACT_ALLOW')),
  loose('a profile that only logs', seccompOf([], 'SCMP_ACT_LOG')),
  loose('a profile that is none', { profile: 'strict' }),
  loose('no profile'),
];
