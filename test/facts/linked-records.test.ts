import { describe, expect, test } from 'vitest';
import { inspected, type Item } from '../build/inspected.ts';

const STATUS = 'Package: a\nStatus: install ok installed\nVersion: 1\n';
const APK = 'P:a\nV:1\n';
const METADATA = 'Metadata-Version: 2.1\nName: a\nVersion: 1\n';
const PACKAGE = '{"name":"a","version":"1"}';
const GEMSPEC = '# stub: a 1 ruby lib\n';

function file(name: string, content: string): Item {
  return { name, content };
}

function link(name: string, linkname: string): Item {
  return { name, type: 'symlink', linkname, mode: 0o777 };
}

function hardlink(name: string, linkname: string): Item {
  return { name, type: 'hardlink', linkname };
}

async function packagesOf(...layers: readonly (readonly Item[])[]) {
  const { packages, unreadablePackages } = await inspected(...layers);
  expect(unreadablePackages).toEqual([]);
  return packages.map(({ type, name, location }) => `${type} ${name} ${location.path}`);
}

describe('a database is found where a program in the container finds it', () => {
  test.each<[string, readonly (readonly Item[])[], string]>([
    [
      'dpkg, its folder',
      [[file('opt/d/status', STATUS), link('var/lib/dpkg', '/opt/d')]],
      'deb a opt/d/status',
    ],
    [
      'dpkg, a folder above',
      [[file('v/lib/dpkg/status', STATUS), link('var', 'v')]],
      'deb a v/lib/dpkg/status',
    ],
    [
      'dpkg, its file',
      [[file('opt/s', STATUS)], [link('var/lib/dpkg/status', '../../../opt/s')]],
      'deb a opt/s',
    ],
    [
      'dpkg, two links',
      [[file('o/s', STATUS), link('m', 'o'), link('var/lib/dpkg/status', '/m/s')]],
      'deb a o/s',
    ],
    [
      'dpkg, links in links',
      [[file('o/q', STATUS), link('p/status', '/o/q')], [link('var/lib/dpkg', '/p')]],
      'deb a o/q',
    ],
    [
      'dpkg, a hard link',
      [[file('o/s', STATUS), hardlink('var/lib/dpkg/status', 'o/s')]],
      'deb a o/s',
    ],
    [
      'dpkg, a hard link whose other name is gone',
      [[file('o/s', STATUS), hardlink('var/lib/dpkg/status', 'o/s')], [file('o/.wh.s', '')]],
      'deb a o/s',
    ],
    [
      'distroless, its folder',
      [[file('o/x', 'Package: a\nVersion: 1\n'), link('var/lib/dpkg/status.d', '/o')]],
      'deb a o/x',
    ],
    [
      'distroless, a file',
      [[file('o/x', 'Package: a\nVersion: 1\n'), link('var/lib/dpkg/status.d/x', '/o/x')]],
      'deb a o/x',
    ],
    ['apk', [[file('o/db/installed', APK), link('lib/apk', '/o')]], 'apk a o/db/installed'],
    [
      'apk, a merged /usr',
      [[file('x/apk/db/installed', APK), link('usr/lib', '../x'), link('lib', 'usr/lib')]],
      'apk a x/apk/db/installed',
    ],
    [
      'python, its folder',
      [[file('o/METADATA', METADATA), link('site-packages/a.dist-info', '/o')]],
      'pypi a o/METADATA',
    ],
    [
      'python, its file',
      [[file('o/m', METADATA), link('site-packages/a-1.egg-info', '../o/m')]],
      'pypi a o/m',
    ],
    [
      'npm, a package',
      [[file('o/package.json', PACKAGE), link('app/node_modules/a', '/o')]],
      'npm a o/package.json',
    ],
    [
      'npm, its folder',
      [[file('o/a/package.json', PACKAGE), link('app/node_modules', '/o')]],
      'npm a o/a/package.json',
    ],
    [
      'npm, a scope',
      [[file('o/a/package.json', PACKAGE), link('app/node_modules/@s', '/o')]],
      'npm a o/a/package.json',
    ],
    [
      'npm, both',
      [[file('o/package.json', PACKAGE), link('m/a', '/o'), link('app/node_modules', '/m')]],
      'npm a o/package.json',
    ],
    [
      'npm, a store of hard links',
      [[file('store/ab', PACKAGE), hardlink('node_modules/a/package.json', 'store/ab')]],
      'npm a store/ab',
    ],
    [
      'gem',
      [[file('o/a-1.gemspec', GEMSPEC), link('specifications', '/o')]],
      'gem a o/a-1.gemspec',
    ],
  ])('%s', async (_, layers, found) => {
    expect(await packagesOf(...layers)).toEqual([found]);
  });

  test('what no link leads to is not, nor what a link out of the image does', async () => {
    const status = file('opt/d/status', STATUS);
    expect(await packagesOf([status])).toEqual([]);
    expect(await packagesOf([status, link('var/lib/dpkg', '/opt/e')])).toEqual([]);
    expect(
      await packagesOf([status, link('var/lib/dpkg', '/opt/d')], [file('var/lib/.wh.dpkg', '')]),
    ).toEqual([]);
  });

  test('a file that is a record of two kinds is not believed', async () => {
    const both = file('x.dist-info/METADATA', `${METADATA}\n${STATUS}`);
    const { packages, unreadablePackages } = await inspected([
      both,
      link('var/lib/dpkg/status', '/x.dist-info/METADATA'),
    ]);
    expect(packages.map(({ type, name }) => `${type} ${name}`)).toEqual(['deb a']);
    expect(unreadablePackages.map(({ reason }) => reason)).toEqual([
      'links make it a record of another kind than its own path does',
    ]);
  });

  test('links that lead to each other', async () => {
    const items = [
      file('a/package.json', PACKAGE),
      link('a/node_modules', '..'),
      link('a/a', '..'),
      link('b', 'a/node_modules'),
    ];
    expect(await packagesOf(items)).toEqual(['npm a a/package.json']);
  });
});
