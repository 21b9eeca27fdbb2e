import { file, program } from '../../facts/support.ts';
import type { Recipe } from '../made-image.ts';
import { HARDENED, OS_PACKAGES } from '../starting-points.ts';
import { provenance, sbom, scanOf, seccomp } from '../statements.ts';
import { FF, FP, holding, of, type PeerMistake, type Row } from './mistake.ts';

const user = (name: string): Partial<Recipe> => ({ config: { ...HARDENED.config, User: name } });
const labels = (of_: Record<string, string>): Partial<Recipe> => ({
  annotations: {},
  config: { ...HARDENED.config, Labels: of_ },
});

/** Its checks of configuration and vulnerabilities, and what it does not check. */
export const CONFIGURATION: readonly PeerMistake[] = [
  ...of('secrets', 'no-secrets', HARDENED, [
    [
      FP,
      'no tool, or another architecture',
      { ...holding(file('k', `x=ghp_${'Zk3'.repeat(12)}`)), architecture: 'arm64' },
      'fail',
      /github-token/,
    ],
    [
      FP,
      'a private key, which nobody can verify',
      holding(
        file(
          'k.pem',
          [
            ['-----BEGIN', 'PRIVATE KEY-----'].join(' '),
            'MIIEvQIBADANBgkqhkiG9w0'.repeat(4),
            '-----END PRIVATE KEY-----',
          ].join('\n'),
        ),
      ),
      'fail',
      /private-key/,
    ],
    [
      FP,
      'a build argument of the Dockerfile',
      { history: [{ created_by: 'ARG DB_PASSWORD=correct-horse' }] },
      'fail',
      /DB_PASSWORD/,
    ],
  ]),
  ...of('elevated_privileges', 'no-elevated-files', HARDENED, [
    [
      FP,
      'no `find` in the image',
      holding(program('bin/ping', undefined, 0o4755)),
      'fail',
      /setuid, uid 0/,
    ],
    [
      FP,
      'capabilities',
      holding({
        ...program('bin/ping'),
        pax: {
          'SCHILY.xattr.security.capability': Buffer.from(
            '0100000200200000000000000000000000000000',
            'hex',
          ).toString('latin1'),
        },
      }),
      'fail',
      /cap_net_raw\+ep/,
    ],
  ]),
  ...of(
    'root_user',
    'nonroot-user',
    HARDENED,
    ['0', '0:0', 'root:root', 'toor'].map((name): Row => [FP, name, user(name), 'fail', /is root/]),
  ),
  ...of('annotations', 'annotations', HARDENED, [
    [FP, 'a maintainer label', labels({ maintainer: 'x' }), 'fail', /created is missing/],
    [FP, 'no label', labels({}), 'fail', /created is missing/],
    [FF, 'OCI annotations without labels', {}, 'pass', /created, source and author/],
  ]),
  ...of('cves', 'no-critical', HARDENED, [
    [FP, 'the scanner crashes', { scan: undefined }, 'unknown', /no scanner/],
    [FP, 'CVEs are skipped', { scan: undefined }, 'unknown', /no scanner/],
  ]),
  ...of('cves', 'no-high', HARDENED, [
    [
      FF,
      'a package whose name says High',
      {
        scan: scanOf({
          id: 'CVE-2026-1',
          severity: 'low',
          package: 'libHighwayHash',
          version: '1',
        }),
      },
      'pass',
      /no high CVE/,
    ],
    [
      FF,
      'a CVE that VEX sets aside',
      { scan: { ...scanOf(), suppressedByVex: 1 } },
      'pass',
      /1 set aside by VEX/,
    ],
  ]),
  ...of('file_mounts', 'secrets-by-file', HARDENED, [
    [
      FP,
      'not assessed',
      { config: { ...HARDENED.config, Env: ['DB_PASSWORD='] } },
      'fail',
      /DB_PASSWORD/,
    ],
  ]),
  ...of('security_profiles', 'security-profile', HARDENED, [
    [
      FP,
      'not assessed',
      { attestations: (s) => [provenance(s), sbom(s, OS_PACKAGES)] },
      'fail',
      /no security profile/,
    ],
    [FF, 'attached', { attestations: (s) => [seccomp(s)] }, 'pass', /allows 9 of the default/],
  ]),
];
