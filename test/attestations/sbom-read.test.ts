import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sbomCoverage } from '../../src/attestations/sbom-coverage.ts';
import { cyclonedxDocument } from '../../src/attestations/sbom-cyclonedx.ts';
import { parseSbom } from '../../src/attestations/sbom-read.ts';
import { spdxDocument } from '../../src/attestations/sbom-spdx.ts';
import { SAMPLE_PACKAGES, sbomInput } from './sbom-samples.ts';

describe('parseSbom', () => {
  test.each([
    ['cyclonedx', '1.6', cyclonedxDocument(sbomInput())],
    ['spdx', '2.3', spdxDocument(sbomInput())],
  ] as const)('reads our own %s %s, image and system left out', (format, version, document) => {
    const result = parseSbom(JSON.parse(JSON.stringify(document)));
    expect(result).toMatchObject({ ok: true, value: { format, version } });
    if (!result.ok) return;
    expect(result.value.names.map(({ name }) => name).sort()).toEqual([
      '@scope/either',
      'express',
      'libc6',
      'ms',
      'no-version',
      'several',
    ]);
    expect(result.value.purls.length).toBe(5);
    expect(sbomCoverage(result.value, SAMPLE_PACKAGES)).toMatchObject({
      total: 6,
      covered: 6,
      ratio: 1,
      missing: [],
      foreign: 0,
    });
  });

  test('reads nested components and groups', () => {
    expect(
      parseSbom({
        bomFormat: 'CycloneDX',
        specVersion: '1.5',
        components: [
          {
            type: 'application',
            name: 'package-lock.json',
            components: [
              {
                type: 'library',
                group: '@babel',
                name: 'core',
                version: '7.0.0',
                purl: 'pkg:npm/%40babel/core@7.0.0',
              },
            ],
          },
          { type: 'file', name: '/etc/passwd' },
        ],
      }),
    ).toEqual({
      ok: true,
      value: {
        format: 'cyclonedx',
        version: '1.5',
        purls: ['pkg:npm/%40babel/core@7.0.0'],
        names: [
          { name: 'package-lock.json', version: '' },
          { name: '@babel/core', version: '7.0.0' },
        ],
      },
    });
  });

  test('reads a document that cosign wrapped, as text or object', () => {
    const inner = { spdxVersion: 'SPDX-2.2', packages: [{ name: 'a', versionInfo: '1' }] };
    const expected = {
      ok: true,
      value: { format: 'spdx', version: '2.2', purls: [], names: [{ name: 'a', version: '1' }] },
    };
    expect(parseSbom({ Data: inner, Timestamp: 'x' })).toEqual(expected);
    expect(parseSbom({ Data: JSON.stringify(inner) })).toEqual(expected);
  });

  test.each([
    [undefined, 'the SBOM is no JSON object'],
    [[], 'the SBOM is no JSON object'],
    [{}, 'the SBOM is neither CycloneDX JSON nor SPDX JSON'],
    [{ Data: '{' }, 'the SBOM in the predicate is no JSON'],
    [
      { bomFormat: 'CycloneDX', specVersion: '9.9' },
      'the CycloneDX version of the SBOM is not known',
    ],
    [{ bomFormat: 'CycloneDX' }, 'the CycloneDX version of the SBOM is not known'],
    [{ spdxVersion: 'SPDX-1.0' }, 'the SPDX version of the SBOM is not known'],
    [{ '@graph': [] }, 'SPDX 3 documents are not read; SPDX 2.3 is'],
  ])('refuses %j', (predicate, error) => {
    expect(parseSbom(predicate)).toEqual({ ok: false, error });
  });

  test('an empty SBOM is read as empty', () => {
    expect(parseSbom({ bomFormat: 'CycloneDX', specVersion: '1.6' })).toEqual({
      ok: true,
      value: { format: 'cyclonedx', version: '1.6', purls: [], names: [] },
    });
  });

  test('depth costs nothing', () => {
    let deep: object = { type: 'library', name: 'deepest', version: '1' };
    for (let i = 0; i < 20_000; i++) deep = { components: [deep] };
    expect(
      parseSbom({ bomFormat: 'CycloneDX', specVersion: '1.6', components: [deep] }),
    ).toMatchObject({
      value: { names: [{ name: 'deepest', version: '1' }] },
    });
  });

  test('never throws', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        parseSbom(value);
        parseSbom({
          bomFormat: 'CycloneDX',
          specVersion: '1.6',
          components: [value, { components: value }],
        });
        parseSbom({
          spdxVersion: 'SPDX-2.3',
          packages: [value, { name: 'x', externalRefs: value }],
        });
      }),
    );
  });
});
