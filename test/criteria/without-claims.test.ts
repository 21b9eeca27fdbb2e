import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  CATALOGUE,
  judgeImage,
  judgeUnclaimed,
  withoutClaims,
} from '../../src/criteria/catalogue.ts';
import { EARNED_UNSIGNED } from '../../src/criteria/criterion.ts';
import { type Facts, known, type SignatureFact, unknownFact } from '../../src/model/facts.ts';
import { digestOf } from '../../src/model/reference.ts';
import { type FoundAttestation, PREDICATE_TYPE } from '../../src/model/statement.ts';

const IMAGE = digestOf('image');
const NOW = Date.parse('2026-11-24T00:00:00Z');
const SIGNED: SignatureFact = { kind: 'cosign-tag', verification: 'verified', verifiedBy: 'k.pub' };
const PROVENANCE: FoundAttestation = {
  predicateType: PREDICATE_TYPE.slsaProvenanceV1,
  subjects: [IMAGE],
  source: 'bundle-referrer',
  verification: 'unverified',
  predicate: {
    buildDefinition: { buildType: 'https://example.org/b' },
    runDetails: { builder: { id: 'https://example.org' } },
  },
};

function facts(signatures: readonly SignatureFact[], source: 'image' | 'build' = 'image'): Facts {
  const none = unknownFact('not asked');
  return {
    image: known(
      {
        platform: { os: 'linux', architecture: 'amd64' },
        manifestDigest: IMAGE,
        config: {
          architecture: 'amd64',
          os: 'linux',
          created: '2026-11-20T00:00:00Z',
          rootfs: { type: 'layers', diff_ids: [] },
        },
        manifest: {
          schemaVersion: 2,
          mediaType: 'application/vnd.oci.image.manifest.v1+json',
          config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: IMAGE, size: 2 },
          layers: [],
        },
        annotations: {
          index: {},
          manifest: { 'dev.scoville.secrets': 'none' },
          labels: {
            'org.opencontainers.image.base.name': 'alpine',
            'org.opencontainers.image.vendor': 'Us',
          },
        },
      },
      source,
    ),
    filesystem: none,
    packages: none,
    secrets: none,
    attestations: known(
      { signatures, attestations: [PROVENANCE] },
      signatures.length > 0 ? 'verified-attestation' : 'unverified-attestation',
    ),
    vulnerabilities: none,
    reproduction: none,
    build: none,
    declarations: known(
      { secrets: undefined, secretFiles: [], trustedImages: [], maxAgeDays: 30, now: NOW },
      'build',
    ),
  };
}

function passes(given: Facts): readonly string[] {
  const results = judgeImage(given);
  const met = (all: typeof results): string[] =>
    all.filter(({ outcome }) => outcome === 'pass').map(({ id }) => id);
  return [met(results).join(' '), met([...judgeUnclaimed(given, results)]).join(' ')];
}

describe('points that only the image’s own word earns', () => {
  test('are counted apart: when it was created, and a provenance of nobody', () => {
    expect(passes(facts([]))).toEqual(['recently-updated provenance', '']);
  });

  test('what a verified signature covers is the signer’s word; the statement beside it is not', () => {
    expect(passes(facts([SIGNED]))).toEqual([
      'signed recently-updated provenance',
      'signed recently-updated',
    ]);
  });

  test('what this run built is no claim', () => {
    const given = facts([], 'build');
    expect(withoutClaims(given)).toBe(given);
  });

  test('annotations that claim something go, others stay', () => {
    const { image } = withoutClaims(facts([]));
    expect(image.known && image.value.annotations).toEqual({
      index: {},
      manifest: {},
      labels: { 'org.opencontainers.image.vendor': 'Us' },
    });
  });
});

test('docs/grading.md says which criteria a statement that nobody signed may earn', () => {
  const ids = CATALOGUE.map(({ id }) => id);
  const page = readFileSync(new URL('../../docs/grading.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| `([\w-]+)` \| (yes|no) \|/gm)];
  expect(rows.map(([, id]) => id).filter((id) => !ids.includes(id ?? ''))).toEqual([]);
  const earned = rows.flatMap(([, id = '', earns]) => (earns === 'yes' ? [id] : []));
  expect(earned).toEqual([...EARNED_UNSIGNED]);
});
