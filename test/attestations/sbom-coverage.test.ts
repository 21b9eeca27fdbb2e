import { describe, expect, test } from 'vitest';
import { sbomCoverage } from '../../src/attestations/sbom-coverage.ts';
import type { ReadSbom } from '../../src/attestations/sbom-read.ts';
import { LIBC, samplePackage } from './sbom-samples.ts';

function sbom(over: Partial<ReadSbom>): ReadSbom {
  return { format: 'spdx', version: '2.3', purls: [], names: [], ...over };
}

const EXPRESS = samplePackage({ name: 'express', version: '4.21.2' });

describe('sbomCoverage', () => {
  test('the spellings of other scanners count', () => {
    const purls = [
      'pkg:deb/debian/libc6@2.41-12?arch=amd64&distro=debian-13.2&epoch=1',
      'pkg:npm/express@4.21.2',
    ];
    expect(sbomCoverage(sbom({ purls }), [LIBC, EXPRESS])).toEqual({
      total: 2,
      covered: 2,
      ratio: 1,
      missing: [],
      foreign: 0,
    });
  });

  test('names and versions count where there is no purl', () => {
    const names = [{ name: 'libc6', version: '2.41-12' }];
    expect(sbomCoverage(sbom({ names }), [LIBC, EXPRESS])).toMatchObject({
      covered: 1,
      ratio: 0.5,
      missing: [EXPRESS],
    });
  });

  test('another version is another package', () => {
    const purls = ['pkg:npm/express@4.21.1'];
    const names = [{ name: 'express', version: '4.21.1' }];
    expect(sbomCoverage(sbom({ purls, names }), [EXPRESS])).toMatchObject({
      covered: 0,
      ratio: 0,
      missing: [EXPRESS],
      foreign: 1,
    });
  });

  test('an empty SBOM covers nothing, and an image without packages is covered', () => {
    expect(sbomCoverage(sbom({}), [LIBC])).toMatchObject({ total: 1, covered: 0, ratio: 0 });
    expect(sbomCoverage(sbom({}), [])).toMatchObject({ total: 0, covered: 0, ratio: 1 });
  });

  test('a package in two places counts once', () => {
    const twice = [EXPRESS, { ...EXPRESS, location: { ...EXPRESS.location, path: 'other' } }];
    expect(sbomCoverage(sbom({ purls: [EXPRESS.purl] }), twice)).toMatchObject({
      total: 1,
      covered: 1,
    });
  });
});
