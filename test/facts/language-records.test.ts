import { describe, expect, test } from 'vitest';
import { APK } from '../../src/facts/packages/distributions.ts';
import { COMPOSER, NUGET } from '../../src/facts/packages/languages.ts';
import { file, image, type Item } from './support.ts';

const purls = (items: readonly Item[]): readonly string[] =>
  image(items).packages.map(({ purl }) => purl);

describe('composer', () => {
  const list = [
    { name: 'Symfony/console', version: 'v7.1.0', license: ['MIT'] },
    { name: 'monolog/monolog', version: '3.6.0' },
  ];

  test.each([
    ['version 1, a list', list],
    ['version 2, an object', { packages: list, dev: false }],
  ])('%s', (_form, document) => {
    const { packages } = image([
      file('app/vendor/composer/installed.json', JSON.stringify(document)),
    ]);
    expect(packages.map(({ purl, licenses }) => [purl, licenses])).toEqual([
      ['pkg:composer/monolog/monolog@3.6.0', []],
      ['pkg:composer/symfony/console@v7.1.0', ['MIT']],
    ]);
  });

  test('what it does not hold is told of', () => {
    const read = (text: string): string | undefined =>
      COMPOSER.read(Buffer.from(text), '').unreadable;
    expect(read('{')).toBe('it is not JSON');
    expect(read('{"a":1}')).toBe('it does not contain a list of packages');
    expect(read('[{"name":"a/b"}, 3]')).toBe('2 entries have no name or no version');
  });
});

test('.NET: packages and the framework of a self-contained application, not the application', () => {
  const libraries = {
    'App/1.0.0': { type: 'project' },
    'Newtonsoft.Json/13.0.3': { type: 'package' },
    'runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/8.0.1': { type: 'runtimepack' },
    'Broken/': { type: 'package' },
  };
  const bom = '\uFEFF';
  expect(purls([file('app/App.deps.json', `${bom}${JSON.stringify({ libraries })}`)])).toEqual([
    'pkg:nuget/Microsoft.NETCore.App.Runtime.linux-x64@8.0.1',
    'pkg:nuget/Newtonsoft.Json@13.0.3',
  ]);
  expect(NUGET.read(Buffer.from('{}'), '').unreadable).toBe(
    'it does not contain a list of libraries',
  );
});

describe('Python', () => {
  test('eggs, and licenses by classifier', () => {
    const { packages } = image([
      file('opt/x-1.egg/EGG-INFO/PKG-INFO', 'Name: x\nVersion: 1\n'),
      file(
        'opt/y-2.egg-info',
        'Name: y\nVersion: 2\nClassifier: License :: OSI Approved :: BSD License\nClassifier: License :: OSI Approved\n',
      ),
    ]);
    expect(packages.map(({ purl, licenses }) => [purl, licenses])).toEqual([
      ['pkg:pypi/x@1', []],
      ['pkg:pypi/y@2', ['BSD License']],
    ]);
  });

  test('a long description behind the header does not matter', () => {
    const { packages, unreadablePackages } = image([
      file('x.dist-info/METADATA', `Name: x\nVersion: 1\n\n${'text '.repeat(50_000)}`),
    ]);
    expect([packages.length, unreadablePackages.length]).toEqual([1, 0]);
  });
});

describe('apk', () => {
  const database =
    'P:npm\nV:10-r0\nL:Artistic-2.0\nF:usr/lib/node_modules/npm\nR:package.json\na:0:0:755\nZ:Q1\nF:usr/lib/node_modules/npm/node_modules/a\nR:package.json\n\n';
  const manifest = (name: string): string => JSON.stringify({ name, version: '1.0.0' });

  test('what its packages brought is not counted again', () => {
    const layer = [
      file('etc/os-release', 'ID=alpine\nVERSION_ID=3.21\n'),
      file('usr/lib/node_modules/npm/package.json', manifest('npm')),
      file('usr/lib/node_modules/npm/node_modules/a/package.json', manifest('a')),
      file('app/node_modules/a/package.json', manifest('a')),
      file('app/node_modules/b/package.json', '{'),
    ];
    const with_ = image([...layer, file('lib/apk/db/installed', database)]);
    expect(with_.packages.map(({ purl }) => purl)).toEqual([
      'pkg:apk/alpine/npm@10-r0?distro=alpine-3.21',
      'pkg:npm/a@1.0.0',
    ]);
    expect(with_.unreadablePackages.map(({ location }) => location.path)).toEqual([
      'app/node_modules/b/package.json',
    ]);
    // A database that a later layer removes takes no package with it.
    const removed = image(
      [...layer, file('lib/apk/db/installed', database)],
      [file('lib/.wh.apk')],
    );
    expect(removed.packages.map(({ purl }) => purl)).toEqual([
      'pkg:apk/alpine/npm@10-r0?distro=alpine-3.21',
      'pkg:npm/a@1.0.0',
    ]);
  });

  test('the binary format is told of', () => {
    expect(APK.read(Buffer.from('ADB.\u0001\u0002'), '').unreadable).toBe(
      'it is in the binary format of apk 3, which is not read',
    );
  });
});
