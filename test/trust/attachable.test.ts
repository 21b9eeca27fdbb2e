import { expect, test } from 'vitest';
import { readAttachable } from '../../src/trust/statement-kinds.ts';
import { reproductionStatement } from '../../src/trust/verdict.ts';

const bytes = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
const vex = { '@context': 'https://openvex.dev/ns/v0.2.0', statements: [] };
const seccomp = { defaultAction: 'SCMP_ACT_ERRNO', syscalls: [] };

test.each([
  ['vex', vex, 'https://openvex.dev/ns'],
  ['openvex', vex, 'https://openvex.dev/ns'],
  ['spdx', { spdxVersion: 'SPDX-2.3' }, 'https://spdx.dev/Document'],
  ['sbom', { bomFormat: 'CycloneDX' }, 'https://cyclonedx.org/bom'],
  ['provenance', {}, 'https://slsa.dev/provenance/v1'],
  ['slsaprovenance', {}, 'https://slsa.dev/provenance/v0.2'],
  ['test-result', { result: 'PASSED' }, 'https://in-toto.io/attestation/test-result/v0.1'],
  ['vuln', {}, 'https://cosign.sigstore.dev/attestation/vuln/v1'],
  ['custom', {}, 'https://cosign.sigstore.dev/attestation/v1'],
  ['https://in-toto.io/attestation/scai/v0.3', {}, 'https://in-toto.io/attestation/scai/v0.3'],
])('%s is signed as its type', (type, predicate, predicateType) => {
  expect(readAttachable(type, bytes(predicate))).toEqual({
    ok: true,
    value: { kind: 'statement', predicateType, predicate },
  });
});

test.each([
  ['seccomp'],
  ['pkg:npm/scoville#seccomp-profile/v1'],
  ['application/vnd.cncf.seccomp-profile.config.v1+json'],
])('%s is a profile', (type) => {
  const read = readAttachable(type, bytes(seccomp));
  if (type.startsWith('application')) expect(read.ok).toBe(false);
  else expect(read).toMatchObject({ ok: true, value: { kind: 'profile' } });
});

test.each([
  ['nonsense', {}, 'unknown type "nonsense"'],
  ['vex', [], 'not a JSON object'],
  ['vex', {}, 'not an OpenVEX document'],
  [
    'cyclonedx',
    { spdxVersion: 'SPDX-2.3' },
    'not a document of the type https://cyclonedx.org/bom',
  ],
  ['sbom', {}, 'neither a CycloneDX nor an SPDX'],
  ['seccomp', { defaultAction: 'SCMP_ACT_NOTIFY' }, 'SCMP_ACT_NOTIFY'],
  ['https://sigstore.dev/cosign/sign/v1', {}, 'a signature'],
  ['vsa', { verifier: { id: 'pkg:npm/scoville' } }, 'Scoville states that itself'],
  [
    'test-result',
    reproductionStatement({ reproducible: true, differences: [] }, { uri: 'x', version: '1' }),
    'Scoville states that itself',
  ],
  ['test-result', { configuration: [{ name: 'CHPs' }] }, 'Scoville states that itself'],
])('%s with another document is refused', (type, predicate, said) => {
  const read = readAttachable(type, bytes(predicate));
  expect(read.ok ? '' : read.error).toContain(said);
});

test('what two readers see differently is refused', () => {
  expect(readAttachable('custom', Buffer.from('{"a":1,"a":2}')).ok).toBe(false);
});
