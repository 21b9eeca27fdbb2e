import { describe, expect, test } from 'vitest';
import { CATALOGUE, judgeImage } from '../../src/criteria/catalogue.ts';
import { type Facts, known } from '../../src/model/facts.ts';
import { attestations, factsOf, filesystem, image, packages, program } from './facts-builder.ts';

const outcomes = (facts: Facts) =>
  Object.fromEntries(judgeImage(facts).map(({ id, outcome }) => [id, outcome]));

describe('judgeImage', () => {
  test('of an image of which nothing is known, nothing passes', () => {
    const results = judgeImage(factsOf());
    expect(results.map(({ id }) => id)).toEqual(CATALOGUE.map(({ id }) => id));
    expect(new Set(results.map(({ outcome }) => outcome))).toEqual(new Set(['unknown']));
    expect(results.filter(({ evidence }) => evidence.length === 0)).toEqual([]);
  });

  // A peer gives this image 15 of 20, provenance and configuration A+.
  test('a scratch image with setuid ping, gcc, apt, a shell, a key and root, unsigned', () => {
    const ping = program('bin/ping', { mode: 0o4755 });
    const facts = factsOf({
      image: image({ config: { User: '0:0', Env: ['API_KEY=AKIA0000000000000000'] } }),
      filesystem: filesystem(
        [
          ping,
          program('usr/bin/gcc'),
          program('usr/bin/apt'),
          program('busybox/sh', { multicall: 'busybox' }),
        ],
        { elevated: [ping] },
      ),
      packages: packages(),
      secrets: known(
        { findings: [{ rule: 'aws', masked: 'AKIA…', where: 'env' }], scannedFiles: 0 },
        'image',
      ),
      attestations: attestations(),
    });
    expect(outcomes(facts)).toEqual({
      'minimal-base': 'pass',
      'no-build-tooling': 'fail',
      'no-shell': 'fail',
      'no-package-manager': 'fail',
      'trusted-source': 'unknown',
      'verified-downloads': 'unknown',
      signed: 'fail',
      'recently-updated': 'unknown',
      'pinned-images': 'unknown',
      'pinned-packages': 'unknown',
      provenance: 'fail',
      sbom: 'fail',
      reproducible: 'unknown',
      'no-secrets': 'fail',
      'no-elevated-files': 'fail',
      'nonroot-user': 'fail',
      'secrets-by-file': 'fail',
      annotations: 'fail',
      'security-profile': 'fail',
      'no-critical': 'unknown',
      'no-high': 'unknown',
      'no-medium': 'unknown',
      'no-known-cves': 'unknown',
    });
  });
});
