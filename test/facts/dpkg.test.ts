import { describe, expect, test } from 'vitest';
import { DPKG } from '../../src/facts/packages/distributions.ts';
import { file, image, layerFacts, link } from './support.ts';

const stanza = (name: string, status: string): string =>
  `Package: ${name}\nStatus: ${status}\nVersion: 1\n`;

describe('states', () => {
  test.each([
    ['install ok installed', true],
    ['hold ok installed', true],
    ['deinstall ok installed', true],
    ['install ok half-configured', true],
    ['install ok unpacked', true],
    ['install reinstreq half-installed', true],
    ['install ok triggers-pending', true],
    ['install ok triggers-awaited', true],
    ['deinstall ok config-files', false],
    ['purge ok not-installed', false],
    ['', false],
  ])('%s', (status, isThere) => {
    const { packages } = DPKG.read(Buffer.from(stanza('a', status)), 'var/lib/dpkg/status');
    expect(packages.length).toBe(isThere ? 1 : 0);
  });
});

test('an entry without a version is told of', () => {
  const text = `${stanza('a', 'install ok installed')}\nPackage: b\nStatus: install ok installed\n`;
  const { packages, unreadable } = DPKG.read(Buffer.from(text), 'var/lib/dpkg/status');
  expect([packages.length, unreadable]).toEqual([1, '1 entries have no name or no version']);
});

test('licenses by the copyright file, also where its folder is a link to another package’s', () => {
  const format = 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n';
  const status = ['a', 'b', 'c'].map((name) => stanza(name, 'install ok installed')).join('\n');
  const { packages } = image(
    [
      file('var/lib/dpkg/status', status),
      file(
        'usr/share/doc/a/copyright',
        `${format}\nFiles: *\nLicense: GPL-2+\n License: not this\n\nLicense: Expat\n\nLicense: GPL-2+\n text\n`,
      ),
      file('usr/share/doc/c/copyright', 'This is free software.\nLicense: prose\n'),
    ],
    [link('usr/share/doc/b', 'a')],
  );
  expect(packages.map(({ name, licenses }) => [name, licenses])).toEqual([
    ['a', ['Expat', 'GPL-2+']],
    ['b', ['Expat', 'GPL-2+']],
    ['c', []],
  ]);
});

describe('distroless', () => {
  const sums = 'd41d8cd98f00b204e9800998ecf8427e  usr/bin/app\n';

  test('sums whose record is missing are told of', () => {
    const { unreadable } = layerFacts([
      file('var/lib/dpkg/status.d/a', 'Package: a\nVersion: 1\n'),
      file('var/lib/dpkg/status.d/a.md5sums', sums),
      file('var/lib/dpkg/status.d/b.md5sums', sums),
    ]);
    expect(unreadable).toEqual([
      {
        path: 'var/lib/dpkg/status.d/b.md5sums',
        reason: 'it lists files of a package whose version is not recorded',
      },
    ]);
  });

  test('sums tell which files a package brought', () => {
    const metadata = 'Name: tzdata\nVersion: 1\n';
    const { packages } = image([
      file('var/lib/dpkg/status.d/python3-tz', 'Package: python3-tz\nVersion: 2-1\n'),
      file(
        'var/lib/dpkg/status.d/python3-tz.md5sums',
        'd41d8cd98f00b204e9800998ecf8427e  usr/lib/python3/dist-packages/tz-1.dist-info/METADATA\n',
      ),
      file('usr/lib/python3/dist-packages/tz-1.dist-info/METADATA', metadata),
    ]);
    expect(packages.map(({ purl }) => purl)).toEqual(['pkg:deb/debian/python3-tz@2-1']);
  });
});
