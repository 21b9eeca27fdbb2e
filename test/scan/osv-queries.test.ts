import { describe, expect, test } from 'vitest';
import { osvDistribution, planOsv } from '../../src/scan/osv-records.ts';
import { tableRows } from '../fakes/table.ts';
import { pkg } from './osv-support.ts';

const ROWS = tableRows('test/scan/osv-distributions.tsv');

describe('distributions as OSV calls them', () => {
  test.each(ROWS)('%s %s', (id, versionId, ...ecosystems) => {
    expect(osvDistribution({ id, versionId })?.ecosystems).toEqual(ecosystems);
  });

  test('without a number: rolling ones, and Debian by its code name', () => {
    expect(osvDistribution({ id: 'wolfi' })?.ecosystems).toEqual(['Wolfi']);
    expect(osvDistribution({ id: 'debian', versionCodename: 'forky' })?.ecosystems).toEqual([
      'Debian:14',
    ]);
    expect(
      osvDistribution({
        id: 'openEuler',
        versionId: '24.03',
        prettyName: 'openEuler 24.03 (LTS-SP1)',
      })?.ecosystems,
    ).toEqual(['openEuler:24.03-LTS-SP1']);
  });

  test.each([
    undefined,
    { id: 'fedora', versionId: '43' },
    { id: 'alpine' },
    { id: 'debian' },
    { id: 'debian', versionCodename: 'constructor' },
    { id: '__proto__', versionId: '1' },
    { id: 'ubuntu', versionId: '22.04"}' },
    { id: 'openEuler', versionId: '24.03' },
  ])('%j is none of them', (os) => {
    expect(osvDistribution(os)).toBeUndefined();
  });
});

const asked = (...args: Parameters<typeof planOsv>) =>
  planOsv(...args).questions.map(
    ({ query, packages }) =>
      `${query.package.ecosystem} ${query.package.name} ${query.version} (${packages.length})`,
  );

describe('questions', () => {
  test('packages of one source are one question, with its version', () => {
    const source = { name: 'openssl', version: '3.0.9-1' };
    const packages = [
      pkg('deb', 'libssl3', '3.0.9-1+b1', { source }),
      pkg('deb', 'openssl', '3.0.9-1+b1', { source }),
      pkg('deb', 'tar', '1.34'),
    ];
    expect(asked(packages, { id: 'debian', versionId: '12' })).toEqual([
      'Debian:12 openssl 3.0.9-1 (2)',
      'Debian:12 tar 1.34 (1)',
    ]);
  });

  test('where OSV files by either, both names are asked', () => {
    const source = { name: 'openssl', version: '1:3.0.7-27.el9' };
    const packages = [pkg('rpm', 'openssl-libs', '1:3.0.7-27.el9', { source })];
    expect(asked(packages, { id: 'almalinux', versionId: '9.3' })).toEqual([
      'AlmaLinux:9 openssl 1:3.0.7-27.el9 (1)',
      'AlmaLinux:9 openssl-libs 1:3.0.7-27.el9 (1)',
    ]);
  });

  test('languages, each by its own rules for names and versions', () => {
    const packages = [
      pkg('npm', '@scope/left', '1.0.0'),
      pkg('pypi', 'Django_REST.framework', '3.15'),
      pkg('golang', 'std', 'v1.22.1'),
      pkg('golang', 'stdlib', 'go1.22.2'),
      pkg('golang', 'github.com/a/b', 'v1.2.3'),
      pkg('golang', 'github.com/own/app', '(devel)'),
      pkg('maven', 'org.apache/log4j', '2.14'),
      pkg('maven', 'org.apache:log4j', '2.15'),
      pkg('gem', 'rack', '3.0'),
      pkg('composer', 'symfony/http', '6.0'),
      pkg('cargo', 'time', '0.1'),
      pkg('nuget', 'Newtonsoft.Json', '12.0'),
    ];
    expect(asked(packages, undefined)).toEqual([
      'npm @scope/left 1.0.0 (1)',
      'PyPI django-rest-framework 3.15 (1)',
      'Go stdlib 1.22.1 (1)',
      'Go stdlib 1.22.2 (1)',
      'Go github.com/a/b 1.2.3 (1)',
      'Maven org.apache:log4j 2.14 (1)',
      'Maven org.apache:log4j 2.15 (1)',
      'RubyGems rack 3.0 (1)',
      'Packagist symfony/http 6.0 (1)',
      'crates.io time 0.1 (1)',
      'NuGet Newtonsoft.Json 12.0 (1)',
    ]);
  });

  test('packages of a Nix store are a gap on any distribution', () => {
    const nix = [pkg('nix', 'glibc', '2.40-66'), pkg('pypi', 'requests', '2')];
    for (const os of [undefined, { id: 'debian', versionId: '13' }]) {
      const { ecosystems, gaps } = planOsv(nix, os);
      expect(ecosystems).toEqual(['PyPI']);
      expect(gaps).toEqual([
        'OSV has no data for a Nix store, 1 of its packages were not looked up',
      ]);
    }
  });

  test('what cannot be asked is a gap', () => {
    const { questions, gaps, ecosystems } = planOsv(
      [pkg('apk', 'curl', '8.1-r0'), pkg('npm', 'left', '1.0.0')],
      undefined,
    );
    expect([questions.length, ecosystems]).toEqual([1, ['npm']]);
    expect(gaps).toEqual([
      'OSV has no data for an unnamed distribution, 1 of its packages were not looked up',
    ]);
  });
});
