import { describe, expect, test } from 'vitest';
import { documentUuid, isPurl, listedPackages, utcSeconds } from '../../src/trust/sbom.ts';
import { LAYER, samplePackage, sbomInput } from './sbom-samples.ts';

describe('documentUuid', () => {
  test('is a version 5 UUID that only the same document has', () => {
    const uuid = documentUuid(sbomInput(), 'spdx');
    expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(documentUuid(sbomInput(), 'spdx')).toBe(uuid);
    const others = [
      documentUuid(sbomInput(), 'cyclonedx'),
      documentUuid(sbomInput({ toolVersion: '0.2.0' }), 'spdx'),
      documentUuid(sbomInput({ created: '2026-01-03T00:00:00Z' }), 'spdx'),
      documentUuid(sbomInput({ image: { ...sbomInput().image, digest: LAYER } }), 'spdx'),
    ];
    expect(new Set([uuid, ...others]).size).toBe(5);
  });
});

describe('listedPackages', () => {
  test('what is no purl never stands in for one', () => {
    const odd = [
      samplePackage({ name: 'a', version: '1', purl: 'os:debian@13' }),
      samplePackage({ name: 'b', version: '1', purl: 'pkg:npm/with space@1' }),
    ];
    expect(listedPackages(odd).map(({ ref }) => ref)).toEqual(['npm/a@1', 'npm/b@1']);
    expect([isPurl('pkg:npm/a@1'), isPurl('os:a'), isPurl('pkg:a\nb')]).toEqual([
      true,
      false,
      false,
    ]);
  });

  test('joins the licenses of all places, blank ones left out', () => {
    const [listed] = listedPackages([
      samplePackage({ name: 'a', version: '1', licenses: ['MIT', ' '] }),
      samplePackage({ name: 'a', version: '1', licenses: ['ISC', 'MIT '] }),
    ]);
    expect(listed?.licenses).toEqual(['ISC', 'MIT']);
  });
});

test('utcSeconds gives UTC to the second, and refuses what is no time', () => {
  expect(utcSeconds('2026-01-02T03:04:05.9+02:00')).toEqual({
    ok: true,
    value: '2026-01-02T01:04:05Z',
  });
  expect(utcSeconds('soon')).toEqual({ ok: false, error: 'soon is not an RFC 3339 time' });
});
