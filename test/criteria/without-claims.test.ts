import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  CATALOGUE,
  judgeImage,
  judgeUnclaimed,
  withoutClaims,
} from '../../src/criteria/catalogue.ts';
import { EARNED_UNSIGNED } from '../../src/criteria/criterion.ts';
import { type Facts, known, type SignatureFact } from '../../src/model/facts.ts';
import { PREDICATE_TYPE } from '../../src/model/statement.ts';
import { attestation, factsOf, image } from './facts-builder.ts';

const SIGNED: SignatureFact = { kind: 'cosign-tag', verification: 'verified', verifiedBy: 'k.pub' };
const PROVENANCE = attestation(
  PREDICATE_TYPE.slsaProvenanceV1,
  {
    buildDefinition: { buildType: 'https://example.org/b' },
    runDetails: { builder: { id: 'https://example.org' } },
  },
  { verification: 'unverified' },
);

function facts(signatures: readonly SignatureFact[], source: 'image' | 'build' = 'image'): Facts {
  const found = image({
    created: '2026-02-25T00:00:00Z',
    annotations: {
      manifest: { 'dev.scoville.secrets': 'none' },
      labels: {
        'org.opencontainers.image.base.name': 'alpine',
        'org.opencontainers.image.vendor': 'Us',
      },
    },
  });
  return factsOf({
    image: found.known ? known(found.value, source) : found,
    attestations: known(
      { signatures, attestations: [PROVENANCE] },
      signatures.length > 0 ? 'verified-attestation' : 'unverified-attestation',
    ),
  });
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
