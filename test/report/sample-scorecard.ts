import { judgeImage } from '../../src/criteria/catalogue.ts';
import { assembleScorecard } from '../../src/criteria/score.ts';
import { type Facts, known } from '../../src/model/facts.ts';
import { digestOf } from '../../src/model/reference.ts';
import { PREDICATE_TYPE } from '../../src/model/statement.ts';
import {
  attestation,
  attestations,
  buildDoing,
  cve,
  download,
  factsOf,
  filesystem,
  image,
  install,
  LAYER,
  MANIFEST,
  NOW,
  packages,
  pkg,
  program,
  scan,
} from '../criteria/facts-builder.ts';

/** Facts of an ordinary, flawed image: each kind of evidence occurs. */
export function sampleFacts(shell = 'bin/sh'): Facts {
  return factsOf({
    image: image({
      created: new Date(NOW).toISOString(),
      config: { User: 'app', Env: ['A_TOKEN=x'] },
    }),
    filesystem: filesystem([program(shell, { multicall: 'busybox' }), program('usr/bin/gcc-12')], {
      passwd: { app: 1001 },
      elevated: [program('bin/su', { mode: 0o4755 })],
    }),
    packages: packages(pkg('libssl-dev', '3.5-1'), pkg('zlib1g', '1.3')),
    secrets: known(
      {
        findings: [
          {
            rule: 'private-key',
            masked: '----…',
            where: 'layer',
            path: 'root/id_rsa',
            layer: LAYER,
          },
        ],
        scannedFiles: 3,
      },
      'image',
    ),
    build: buildDoing({
      installs: [install({ packages: [{ name: 'curl' }], command: 'apt-get install -y curl' })],
      downloads: [download({})],
    }),
    attestations: attestations(
      attestation(
        PREDICATE_TYPE.slsaProvenanceV1,
        {
          buildDefinition: { buildType: 'x' },
          runDetails: { builder: { id: 'https://ci.example.com' } },
        },
        { verification: 'unverified' },
      ),
    ),
    vulnerabilities: scan(cve('CVE-2026-1', 'high'), {
      ...cve('CVE-2026-2', 'low'),
      fixedIn: '1.3',
    }),
  });
}

export function sampleScorecard(facts: Facts = sampleFacts(), name = 'registry.example.com/app:1') {
  return assembleScorecard({
    toolVersion: '1.0.0',
    image: name,
    digest: MANIFEST,
    gradedAt: new Date(NOW).toISOString(),
    platforms: [{ platform: 'linux/amd64', digest: MANIFEST, criteria: judgeImage(facts) }],
    waivers: [{ criterion: 'no-shell', reason: 'the entry point needs it', expires: '2026-12-31' }],
  });
}

export function twoPlatforms() {
  const criteria = judgeImage(sampleFacts());
  return assembleScorecard({
    toolVersion: '1.0.0',
    image: 'app',
    digest: digestOf('index of two'),
    gradedAt: new Date(NOW).toISOString(),
    platforms: [
      { platform: 'linux/amd64', digest: MANIFEST, criteria },
      { platform: 'linux/arm64/v8', digest: digestOf('arm64'), criteria },
    ],
  });
}
