import { describe, expect, test } from 'vitest';
import { PREDICATE_TYPE } from '../../src/model/statement.ts';
import { readPredicate, sbomType } from '../../src/trust/identity.ts';
import {
  isOfType,
  isPredicateName,
  isVerdict,
  madeKind,
  readAttachable,
} from '../../src/trust/statement-kinds.ts';
import { reproductionStatement } from '../../src/trust/verdict.ts';

const SPDX = { spdxVersion: 'SPDX-2.3', packages: [] };
const CYCLONEDX = { bomFormat: 'CycloneDX', specVersion: '1.5' };
const CUSTOM = 'https://cosign.sigstore.dev/attestation/v1';
const VEX = { '@context': 'https://openvex.dev/ns/v0.2.0', statements: [] };
const SECOND_BUILD = reproductionStatement(
  { reproducible: true, differences: [] },
  { uri: 'pkg:npm/scoville', version: '1' },
);

describe('a predicate in one spelling', () => {
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

  test('takes off the quoting of older cosign; a custom one goes by what it quotes', () => {
    const quoted = JSON.stringify(SPDX);
    for (const predicate of [quoted, { Data: quoted }, { Data: SPDX }, SPDX])
      expect(readPredicate('https://spdx.dev/Document', predicate).predicate).toEqual(SPDX);
    const predicate = { Data: JSON.stringify(CYCLONEDX), Timestamp: '2026-01-01T00:00:00Z' };
    expect(readPredicate(CUSTOM, predicate)).toEqual({
      predicateType: 'https://cyclonedx.org/bom',
      predicate: CYCLONEDX,
    });
  });

  test.each([
    [CUSTOM, { Data: 'tag: value' }],
    ['https://slsa.dev/provenance/v1', { Data: '{}' }],
    ['https://example.org/bom', { Data: '{}' }],
    ['https://cyclonedx.org.evil/bom', { Data: '{}' }],
  ])('%s of %j stays as it is', (predicateType, predicate) => {
    expect(readPredicate(predicateType, predicate)).toEqual({ predicateType, predicate });
  });

  test.each([
    [SPDX, 'https://spdx.dev/Document'],
    [{ '@context': 'https://spdx.org/rdf/3.0.1/x', '@graph': [] }, 'https://spdx.dev/Document'],
    [CYCLONEDX, 'https://cyclonedx.org/bom'],
    [{}, undefined],
    ['x', undefined],
    [null, undefined],
  ])('%j is an SBOM of type %s', (document, type) => {
    expect(sbomType(document)).toBe(type);
  });
});

describe('a type that is asked for', () => {
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

  test('is a known name or a URI', () => {
    const asked = ['sbom', 'https://x/y', 'urn:x', 'sbmo', '', 'constructor'];
    expect(asked.filter(isPredicateName)).toEqual(['sbom', 'https://x/y', 'urn:x']);
  });
});

// A user's own results, and summaries of another verifier, are theirs: a grade does not replace
// them.
const { testResult, slsaVsa } = PREDICATE_TYPE;
test.each<[string, string, unknown, string | undefined, boolean]>([
  ['our tests', testResult, { configuration: [{ name: 'CHPs' }] }, 'tests', true],
  ['a second build', testResult, SECOND_BUILD, 'second build', false],
  ['a user’s tests', testResult, { result: 'PASSED' }, undefined, false],
  ['other tests', testResult, { configuration: [{ name: 'jest' }] }, undefined, false],
  ['our summary', slsaVsa, { verifier: { id: 'pkg:npm/scoville' } }, 'verdict', true],
  ['another’s summary', slsaVsa, { verifier: { id: 'https://e.com/v' } }, undefined, false],
])('%s', (_, predicateType, predicate, kind, is) => {
  const says = { kind: 'statement', predicateType, predicate } as const;
  expect([madeKind(says), isVerdict(says)]).toEqual([kind, is]);
});

describe('what is attached', () => {
  const bytes = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

  test.each([
    ['vex', VEX, 'https://openvex.dev/ns'],
    ['openvex', VEX, 'https://openvex.dev/ns'],
    ['spdx', SPDX, 'https://spdx.dev/Document'],
    ['sbom', CYCLONEDX, 'https://cyclonedx.org/bom'],
    ['provenance', {}, 'https://slsa.dev/provenance/v1'],
    ['slsaprovenance', {}, 'https://slsa.dev/provenance/v0.2'],
    ['test-result', { result: 'PASSED' }, 'https://in-toto.io/attestation/test-result/v0.1'],
    ['vuln', {}, 'https://cosign.sigstore.dev/attestation/vuln/v1'],
    ['custom', {}, CUSTOM],
    ['https://in-toto.io/attestation/scai/v0.3', {}, 'https://in-toto.io/attestation/scai/v0.3'],
  ])('%s is signed as its type', (type, predicate, predicateType) => {
    expect(readAttachable(type, bytes(predicate))).toEqual({
      ok: true,
      value: { kind: 'statement', predicateType, predicate },
    });
  });

  test.each(['seccomp', 'pkg:npm/scoville#seccomp-profile/v1'])('%s is a profile', (type) => {
    const read = readAttachable(type, bytes({ defaultAction: 'SCMP_ACT_ERRNO', syscalls: [] }));
    expect(read).toMatchObject({ ok: true, value: { kind: 'profile' } });
  });

  test.each([
    ['nonsense', {}, 'unknown type "nonsense"'],
    ['application/vnd.cncf.seccomp-profile.config.v1+json', {}, 'unknown type'],
    ['vex', [], 'not a JSON object'],
    ['vex', {}, 'not an OpenVEX document'],
    ['cyclonedx', SPDX, 'not a document of the type https://cyclonedx.org/bom'],
    ['sbom', {}, 'neither a CycloneDX nor an SPDX'],
    ['seccomp', { defaultAction: 'SCMP_ACT_NOTIFY' }, 'SCMP_ACT_NOTIFY'],
    ['https://sigstore.dev/cosign/sign/v1', {}, 'a signature'],
    ['vsa', { verifier: { id: 'pkg:npm/scoville' } }, 'Scoville states that itself'],
    ['test-result', SECOND_BUILD, 'Scoville states that itself'],
    ['test-result', { configuration: [{ name: 'CHPs' }] }, 'Scoville states that itself'],
  ])('%s with another document is refused', (type, predicate, said) => {
    const read = readAttachable(type, bytes(predicate));
    expect(read.ok ? '' : read.error).toContain(said);
  });

  test('what two readers see differently is refused', () => {
    expect(readAttachable('custom', Buffer.from('{"a":1,"a":2}')).ok).toBe(false);
  });
});
