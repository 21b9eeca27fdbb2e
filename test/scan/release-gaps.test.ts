import { describe, expect, test } from 'vitest';
import type { OsRelease } from '../../src/model/packages.ts';
import { releaseGaps } from '../../src/scan/scan-evidence.ts';
import { pkg } from './osv-support.ts';

const NOW = Date.parse('2026-11-27');
const MUSL = pkg('apk', 'musl', '1.1.16');
const gapsOf = (scanner: string, os: OsRelease | undefined, packages = [MUSL]) =>
  releaseGaps(scanner, os, packages, NOW);

describe('finding nothing proves nothing', () => {
  test.each(['grype', 'trivy', 'docker scout', 'OSV.dev'])(
    'for a release past its end: %s',
    (scanner) => {
      expect(gapsOf(scanner, { id: 'alpine', versionId: '3.6.5' }).gaps).toEqual([
        'Alpine 3.6 has had no security updates since 2019-05-01: CVEs in it are not reported any more. Use a supported release',
      ]);
    },
  );

  test('nor where its package database was removed', () => {
    expect(gapsOf('grype', { id: 'alpine', versionId: '3.6.5' }, []).gaps).toHaveLength(1);
  });

  test('for a distribution that the scanner has no data of', () => {
    const fedora = { id: 'fedora', versionId: '43' };
    const rpm = [pkg('rpm', 'bash', '5')];
    expect(gapsOf('grype', fedora, rpm).gaps).toEqual([
      'grype has no data for packages of "fedora"',
    ]);
    expect(gapsOf('trivy', { id: 'slackware' }).gaps).toEqual([
      'trivy has no data for packages of "slackware"',
    ]);
    expect(gapsOf('trivy', { id: 'slackware' }, [pkg('npm', 'a', '1')]).gaps).toEqual([]);
  });

  test('where nothing says which distribution it is, or says another', () => {
    expect(gapsOf('grype', undefined).gaps).toEqual([
      'the image does not say which distribution its packages are of',
    ]);
    expect(gapsOf('OSV.dev', { id: 'debian', versionId: '13' }).gaps).toEqual([
      'musl is a package of the kind apk, and debian is made of deb',
    ]);
    expect(gapsOf('grype', undefined, [pkg('npm', 'a', '1')]).gaps).toEqual([]);
  });

  test('for a Nix store, on any system', () => {
    const nix = [pkg('nix', 'glibc', '2.40-66'), pkg('pypi', 'requests', '2')];
    expect(gapsOf('grype', undefined, nix).gaps).toEqual([
      'the image does not say which distribution its packages are of',
    ]);
    expect(gapsOf('grype', { id: 'debian', versionId: '13' }, nix).gaps).toEqual([
      'glibc is a package of the kind nix, and debian is made of deb',
    ]);
    expect(gapsOf('trivy', { id: 'nixos', versionId: '25.05' }, nix).gaps).toEqual([
      'trivy has no data for packages of "nixos"',
    ]);
  });

  test('and does for a supported or rolling one', () => {
    const none = { gaps: [], notices: [] };
    expect(gapsOf('grype', { id: 'alpine', versionId: '3.22.1' })).toEqual(none);
    expect(gapsOf('trivy', { id: 'wolfi', versionId: '20230201' })).toEqual(none);
  });

  test('a release newer than the data is told of', () => {
    expect(gapsOf('grype', { id: 'alpine', versionId: '3.30.0' })).toEqual({
      gaps: [],
      notices: [
        'Alpine 3.30 is newer than the list of releases (2026-08-22): whether its support has ended is not checked',
      ],
    });
  });
});
