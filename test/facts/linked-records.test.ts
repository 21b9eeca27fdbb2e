import { describe, expect, test } from 'vitest';
import { inspected, type Item } from '../build/inspected.ts';

const STATUS = 'Package: a\nStatus: install ok installed\nVersion: 1\n';
const APK = 'P:a\nV:1\n';
const METADATA = 'Metadata-Version: 2.1\nName: a\nVersion: 1\n';
const PACKAGE = '{"name":"a","version":"1"}';
const GEMSPEC = '# stub: a 1 ruby lib\n';

const SINGLE = 'Package: a\nVersion: 1\n';
const CONTENTS = new Map(Object.entries({ STATUS, APK, METADATA, PACKAGE, GEMSPEC, SINGLE }));

function file(name: string, content: string): Item {
  return { name, content };
}

function link(name: string, linkname: string): Item {
  return { name, type: 'symlink', linkname, mode: 0o777 };
}

/** Layers divided by `|`, of files `PATH=CONTENT`, links `PATH->TARGET` and hard links `PATH=>PATH`. */
function layersOf(text: string): readonly (readonly Item[])[] {
  return text.split(' | ').map((layer) =>
    layer.split(' ').map((item) => {
      const [, name = '', mark, to = ''] = /^(.*?)(=>|->|=)(.*)$/.exec(item) ?? [];
      if (mark === '->') return link(name, to);
      return mark === '=>'
        ? { name, type: 'hardlink', linkname: to }
        : file(name, CONTENTS.get(to) ?? '');
    }),
  );
}

async function packagesOf(...layers: readonly (readonly Item[])[]) {
  const { packages, unreadablePackages } = await inspected(...layers);
  expect(unreadablePackages).toEqual([]);
  return packages.map(({ type, name, location }) => `${type} ${name} ${location.path}`);
}

describe('a database is found where a program in the container finds it', () => {
  test.each([
    ['dpkg, its folder', 'opt/d/status=STATUS var/lib/dpkg->/opt/d', 'deb a opt/d/status'],
    ['dpkg, a folder above', 'v/lib/dpkg/status=STATUS var->v', 'deb a v/lib/dpkg/status'],
    ['dpkg, its file', 'opt/s=STATUS | var/lib/dpkg/status->../../../opt/s', 'deb a opt/s'],
    ['dpkg, two links', 'o/s=STATUS m->o var/lib/dpkg/status->/m/s', 'deb a o/s'],
    ['dpkg, links in links', 'o/q=STATUS p/status->/o/q | var/lib/dpkg->/p', 'deb a o/q'],
    ['dpkg, a hard link', 'o/s=STATUS var/lib/dpkg/status=>o/s', 'deb a o/s'],
    ['… whose other name is gone', 'o/s=STATUS var/lib/dpkg/status=>o/s | o/.wh.s=', 'deb a o/s'],
    ['distroless, its folder', 'o/x=SINGLE var/lib/dpkg/status.d->/o', 'deb a o/x'],
    ['distroless, a file', 'o/x=SINGLE var/lib/dpkg/status.d/x->/o/x', 'deb a o/x'],
    ['apk', 'o/db/installed=APK lib/apk->/o', 'apk a o/db/installed'],
    [
      'a merged /usr',
      'x/apk/db/installed=APK usr/lib->../x lib->usr/lib',
      'apk a x/apk/db/installed',
    ],
    [
      'python, its folder',
      'o/METADATA=METADATA site-packages/a.dist-info->/o',
      'pypi a o/METADATA',
    ],
    ['python, its file', 'o/m=METADATA site-packages/a-1.egg-info->../o/m', 'pypi a o/m'],
    ['npm, a package', 'o/package.json=PACKAGE app/node_modules/a->/o', 'npm a o/package.json'],
    ['npm, its folder', 'o/a/package.json=PACKAGE app/node_modules->/o', 'npm a o/a/package.json'],
    ['npm, a scope', 'o/a/package.json=PACKAGE app/node_modules/@s->/o', 'npm a o/a/package.json'],
    [
      'npm, in a scope',
      'o/@s/a/package.json=PACKAGE node_modules/@s/a->/o/@s/a',
      'npm a o/@s/a/package.json',
    ],
    ['npm, both', 'o/package.json=PACKAGE m/a->/o app/node_modules->/m', 'npm a o/package.json'],
    ['npm, hard links', 'store/ab=PACKAGE node_modules/a/package.json=>store/ab', 'npm a store/ab'],
    ['gem', 'o/a-1.gemspec=GEMSPEC specifications->/o', 'gem a o/a-1.gemspec'],
  ])('%s', async (_, layers, found) => {
    expect(await packagesOf(...layersOf(layers))).toEqual([found]);
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
