import fc from 'fast-check';
import { PackageURL } from 'packageurl-js';
import { describe, expect, test } from 'vitest';
import { purlOf } from '../../src/facts/packages/catalogue.ts';
import { file, folder, image } from './support.ts';

const OS = file('etc/os-release', 'ID=debian\nVERSION_ID="13"\n');
const STATUS = `Package: libfoo1
Status: install ok installed
Architecture: amd64
Source: foo (1:2.3-4)
Version: 1:2.3-4+b1
Description: a thing
 Package: not this
 .

Package: gone
Status: deinstall ok config-files
Version: 1

Package: bar
Status: hold ok installed
Version: 2~rc1
Architecture: all
`;

describe('dpkg', () => {
  test('installed packages with architecture, source and distribution', () => {
    const { packages } = image([OS, file('var/lib/dpkg/status', STATUS)]);
    expect(packages.map(({ location, ...rest }) => ({ ...rest, path: location.path }))).toEqual([
      {
        type: 'deb',
        name: 'bar',
        version: '2~rc1',
        architecture: 'all',
        licenses: [],
        source: { name: 'bar', version: '2~rc1' },
        purl: 'pkg:deb/debian/bar@2~rc1?arch=all&distro=debian-13',
        path: 'var/lib/dpkg/status',
      },
      {
        type: 'deb',
        name: 'libfoo1',
        version: '1:2.3-4+b1',
        architecture: 'amd64',
        licenses: [],
        source: { name: 'foo', version: '1:2.3-4' },
        purl: 'pkg:deb/debian/libfoo1@1:2.3-4%2Bb1?arch=amd64&distro=debian-13&upstream=foo%401:2.3-4',
        path: 'var/lib/dpkg/status',
      },
    ]);
  });

  test('the topmost database counts, a removed one not at all', () => {
    const lower = [file('var/lib/dpkg/status', STATUS)];
    const upper = [
      file('var/lib/dpkg/status', 'Package: a\nStatus: install ok installed\nVersion: 1\n'),
    ];
    expect(image(lower, upper).packages.map((p) => p.name)).toEqual(['a']);
    expect(image(lower, [file('var/lib/.wh.dpkg')]).packages).toEqual([]);
    expect(image(lower, [file('var/lib/dpkg/status', '')]).packages).toEqual([]);
  });

  test("distroless' single records, without a status", () => {
    const { packages } = image([
      file('var/lib/dpkg/status.d/libc6', 'Package: libc6\nVersion: 2.41-1\n'),
      file('var/lib/dpkg/status.d/libc6.md5sums', 'aa  bb\n'),
    ]);
    expect(packages.map((p) => p.purl)).toEqual(['pkg:deb/debian/libc6@2.41-1']);
  });
});

describe('a package database is never part of a package', () => {
  const PACKAGE = 'Package: base\nStatus: install ok installed\nVersion: 1\n';
  const stanza = (folder: string): string => `P:base\nV:1\nF:${folder}\nR:installed\n`;
  test.each([
    [
      'dpkg',
      [
        file('var/lib/dpkg/status', PACKAGE),
        file('var/lib/dpkg/info/base.list', '/var/lib/dpkg/status\n'),
      ],
    ],
    [
      'distroless',
      [
        file('var/lib/dpkg/status.d/base', PACKAGE),
        file('var/lib/dpkg/status.d/base.md5sums', 'aa  var/lib/dpkg/status.d/base\n'),
      ],
    ],
    ['apk', [file('lib/apk/db/installed', stanza('lib/apk/db'))]],
    ['apk in /usr', [file('usr/lib/apk/db/installed', stanza('usr/lib/apk/db'))]],
  ])('%s', (_name, items) => {
    expect(image(items).packages.map(({ name }) => name)).toEqual(['base']);
  });

  test('nor is one that cannot be read', () => {
    const { unreadablePackages: unreadable } = image([
      file('var/lib/dpkg/status', PACKAGE),
      file('var/lib/dpkg/info/base.list', '/lib/apk/db/installed\n'),
      file('lib/apk/db/installed', 'ADBd'),
    ]);
    expect(unreadable.map(({ reason }) => reason)).toEqual([
      'it is in the binary format of apk 3, which is not read',
    ]);
  });
});

test('apk', () => {
  const { packages } = image([
    file('etc/os-release', 'ID=alpine\nVERSION_ID=3.21.0\n'),
    file(
      'lib/apk/db/installed',
      'P:musl\nV:1.2.5-r8\nA:x86_64\nL:MIT\no:musl\nF:lib\n\nP:libcrypto3\nV:3.3-r0\nL:Apache-2.0\no:openssl\n',
    ),
  ]);
  expect(packages.map((p) => [p.purl, p.licenses, p.source?.name])).toEqual([
    [
      'pkg:apk/alpine/libcrypto3@3.3-r0?distro=alpine-3.21.0&upstream=openssl',
      ['Apache-2.0'],
      'openssl',
    ],
    ['pkg:apk/alpine/musl@1.2.5-r8?arch=x86_64&distro=alpine-3.21.0', ['MIT'], 'musl'],
  ]);
});

test('npm: package roots alone', () => {
  const manifest = (name: string, license: unknown = 'MIT'): string =>
    JSON.stringify({ name, version: '1.0.0', license });
  const { packages } = image([
    file('app/node_modules/a/package.json', manifest('a')),
    file('app/node_modules/@s/b/package.json', manifest('@s/b', { type: 'ISC' })),
    file('app/node_modules/a/node_modules/c/package.json', manifest('c', ['MIT', { type: 'BSD' }])),
    file('app/node_modules/a/dist/esm/package.json', '{"type":"module"}'),
    file('app/node_modules/a/lib/package.json', manifest('inner')),
    file('app/node_modules/.cache/package.json', manifest('cache')),
    file('app/node_modules/bad/package.json', '{'),
    file('app/node_modules/hostile/package.json', manifest('a\u001b[31m')),
    file('app/package.json', manifest('app')),
  ]);
  expect(packages.map((p) => [p.purl, p.licenses])).toEqual([
    ['pkg:npm/%40s/b@1.0.0', ['ISC']],
    ['pkg:npm/a@1.0.0', ['MIT']],
    ['pkg:npm/c@1.0.0', ['MIT', 'BSD']],
  ]);
});

test('Python', () => {
  const { packages } = image([
    file(
      'usr/lib/python3/site-packages/Foo_Bar-1.0.dist-info/METADATA',
      'Metadata-Version: 2.1\nName: Foo_Bar\nVersion: 1.0\nLicense-Expression: MIT\n\nName: body\n',
    ),
    file(
      'usr/lib/python3/dist-packages/x.egg-info/PKG-INFO',
      'Name: x\nVersion: 2\nLicense: UNKNOWN\n',
    ),
  ]);
  expect(packages.map((p) => [p.purl, p.licenses])).toEqual([
    ['pkg:pypi/foo-bar@1.0', ['MIT']],
    ['pkg:pypi/x@2', []],
  ]);
});

test('store paths of Nix are packages by name and version, each version once', () => {
  const at = (hash: string, name: string) => folder(`nix/store/${hash.repeat(32)}-${name}`);
  const { packages } = image(
    [at('1', 'openssl-3.0.14'), at('2', 'openssl-3.0.14-bin'), at('3', 'openssl-1.1.1w')],
    [
      at('4', 'python3.12-requests-2.32.3'),
      at('5', 'bash-interactive-5.2p37'),
      at('6', 'gcc-14.2.1.20250322-lib'),
      at('7', 'glibc-2.40-66'),
      at('8', 'profile'),
      at('9', 'hello-2.12.1.drv'),
      at('e', 'not-base32-1.0'),
      file(`nix/store/${'a'.repeat(32)}-settings-1.0`),
      folder('opt/nix/store/x-1.0'),
      file('nix/store/.links'),
    ],
  );
  expect(packages.map(({ purl, location }) => [purl, location.path.slice(43)])).toEqual([
    ['pkg:nix/bash-interactive@5.2p37', 'bash-interactive-5.2p37'],
    ['pkg:nix/gcc@14.2.1.20250322', 'gcc-14.2.1.20250322-lib'],
    ['pkg:nix/glibc@2.40-66', 'glibc-2.40-66'],
    ['pkg:nix/openssl@1.1.1w', 'openssl-1.1.1w'],
    ['pkg:nix/openssl@3.0.14', 'openssl-3.0.14'],
    ['pkg:nix/python3.12-requests@2.32.3', 'python3.12-requests-2.32.3'],
  ]);
  const removed = image([at('1', 'a-1')], [file(`nix/store/.wh.${'1'.repeat(32)}-a-1`)]);
  expect(removed.packages).toEqual([]);
});

test('purls read back as packageurl-js reads them', () => {
  const text = fc.string({
    minLength: 1,
    maxLength: 20,
    unit: fc.constantFrom(...Array.from('aZ0.-_~+:@/%?#& é')),
  });
  fc.assert(
    fc.property(text, text, (name, version) => {
      fc.pre(
        !/^\/|\/$|\/\/|(?:^|\/)\.{1,2}(?:\/|$)/.test(name) &&
          name.trim() === name &&
          version.trim() === version,
      );
      fc.pre(!name.includes('/'));
      const purl = purlOf(
        { type: 'deb', name, version, licenses: [], architecture: 'amd64' },
        undefined,
      );
      const read = PackageURL.fromString(purl);
      expect([read.type, read.namespace, read.name, read.version, read.qualifiers]).toEqual([
        'deb',
        'debian',
        name.toLowerCase(),
        version,
        { arch: 'amd64' },
      ]);
    }),
  );
});
