import { describe, expect, test } from 'vitest';
import { readPredicate, sbomType } from '../../src/trust/identity.ts';

const SPDX = { spdxVersion: 'SPDX-2.3', packages: [] };
const CYCLONEDX = { bomFormat: 'CycloneDX', specVersion: '1.5' };
const CUSTOM = 'https://cosign.sigstore.dev/attestation/v1';

describe('readPredicate', () => {
  test.each([
    ['https://spdx.dev/Document', 'https://spdx.dev/Document'],
    ['https://spdx.dev/Document/v2.3', 'https://spdx.dev/Document/v2.3'],
    ['https://spdx.dev/Document-v2.3', 'https://spdx.dev/Document-v2.3'],
    ['http://spdx.dev/Document', 'https://spdx.dev/Document'],
    ['https://spdx.org/spdxdocs/x', 'https://spdx.dev/Document'],
    ['spdxjson', 'https://spdx.dev/Document'],
    ['https://cyclonedx.org/bom', 'https://cyclonedx.org/bom'],
    ['https://cyclonedx.org/bom/v1.5', 'https://cyclonedx.org/bom/v1.5'],
    ['https://cyclonedx.org/schema', 'https://cyclonedx.org/bom'],
    ['https://cyclonedx.org/BOM', 'https://cyclonedx.org/bom'],
  ])('%s is %s', (given, expected) => {
    expect(readPredicate(given, SPDX)).toEqual({ predicateType: expected, predicate: SPDX });
  });

  test('takes off the quoting of older cosign', () => {
    const quoted = JSON.stringify(SPDX);
    for (const predicate of [quoted, { Data: quoted }, { Data: SPDX }, SPDX])
      expect(readPredicate('https://spdx.dev/Document', predicate).predicate).toEqual(SPDX);
  });

  test('a custom predicate goes by what it quotes', () => {
    const predicate = { Data: JSON.stringify(CYCLONEDX), Timestamp: '2026-01-01T00:00:00Z' };
    expect(readPredicate(CUSTOM, predicate)).toEqual({
      predicateType: 'https://cyclonedx.org/bom',
      predicate: CYCLONEDX,
    });
    const other = { Data: 'tag: value' };
    expect(readPredicate(CUSTOM, other)).toEqual({ predicateType: CUSTOM, predicate: other });
  });

  test.each([
    'https://slsa.dev/provenance/v1',
    'https://example.org/bom',
    'https://cyclonedx.org.evil/bom',
  ])('%s stays as it is', (type) => {
    expect(readPredicate(type, { Data: '{}' })).toEqual({
      predicateType: type,
      predicate: { Data: '{}' },
    });
  });
});

test('an SBOM is known by its own fields', () => {
  expect(sbomType(SPDX)).toBe('https://spdx.dev/Document');
  expect(sbomType({ '@context': 'https://spdx.org/rdf/3.0.1/x', '@graph': [] })).toBe(
    'https://spdx.dev/Document',
  );
  expect([sbomType({}), sbomType('x'), sbomType(null)]).toEqual([undefined, undefined, undefined]);
});
