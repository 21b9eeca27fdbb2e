import { describe, expect, test } from 'vitest';
import { isOfType, isPredicateName } from '../../src/trust/statement-kinds.ts';

describe('isOfType', () => {
  test.each([
    ['https://slsa.dev/provenance/v1', 'provenance', true],
    ['https://slsa.dev/provenance/v0.2', 'slsaprovenance', true],
    ['https://slsa.dev/provenance/v0.2', 'slsaprovenance1', false],
    ['https://spdx.dev/Document/v2.3', 'spdx', true],
    ['https://spdx.dev/Document', 'sbom', true],
    ['http://spdx.dev/Document', 'spdxjson', true],
    ['https://cyclonedx.org/bom/v1.6', 'sbom', true],
    ['https://cyclonedx.org/bom', 'spdx', false],
    ['https://slsa.dev/verification_summary/v1', 'vsa', true],
    ['https://example.org/t', 'https://example.org/t', true],
    ['https://example.org/t/v2', 'https://example.org/t', true],
    ['https://example.org/tricked', 'https://example.org/t', false],
    ['https://example.org/t', 'https://example.org/t/v2', false],
  ])('%s for %s: %s', (type, asked, expected) => {
    expect(isOfType(type, asked)).toBe(expected);
  });
});

test('a type is asked for by a known name or by a URI', () => {
  expect(['sbom', 'https://x/y', 'urn:x', 'sbmo', '', 'constructor'].map(isPredicateName)).toEqual([
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
});
