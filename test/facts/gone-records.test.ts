import { strToU8, zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { knownPackages } from '../../src/facts/build-facts.ts';
import { file, image, type Item, link, program } from './support.ts';

const SITE = 'usr/lib/python3/site-packages';
const METADATA = 'Metadata-Version: 2.1\nName: Django\nVersion: 3.0\n';
const DJANGO: readonly Item[] = [
  file(`${SITE}/Django-3.0.dist-info/METADATA`, METADATA),
  file(
    `${SITE}/Django-3.0.dist-info/RECORD`,
    'django/__init__.py,sha256=x,1\ndjango/http.py,,\n../../../../usr/bin/django-admin,,\n',
  ),
  file(`${SITE}/django/__init__.py`, 'x'),
  file(`${SITE}/django/http.py`, 'x'),
];
const gone = (path: string): Item => {
  const slash = path.lastIndexOf('/') + 1;
  return file(`${path.slice(0, slash)}.wh.${path.slice(slash)}`);
};
const deb = (name: string, version: string): string =>
  `Package: ${name}\nStatus: install ok installed\nVersion: ${version}\n\n`;
const DEBIAN: readonly Item[] = [
  file('var/lib/dpkg/status', deb('openssl', '3.0') + deb('base', '1')),
  file('var/lib/dpkg/info/openssl.list', '/.\n/usr\n/usr/bin\n/usr/bin/openssl\n/etc/ssl.cnf\n'),
  program('usr/bin/openssl'),
  file('etc/ssl.cnf', 'x'),
];
const debOf = (source: string): string =>
  `Package: openssl\nSource: ${source}\nStatus: install ok installed\nVersion: 3.0\n\n`;
const apk = (version: string): string => `P:zlib\nV:${version}\nF:lib\nR:libz.so.1\n\n`;

function jar(version: string | undefined): Item {
  const pom = `version=${version ?? ''}\ngroupId=org.acme\nartifactId=log\n`;
  const of = version === undefined ? {} : { 'META-INF/maven/org.acme/log/pom.properties': pom };
  const members = { 'org/acme/Log.class': 'x', ...of };
  return file(
    'app/log.jar',
    zipSync(
      Object.fromEntries(Object.entries(members).map(([name, text]) => [name, strToU8(text)])),
    ),
  );
}

const seen = (...layers: readonly (readonly Item[])[]): readonly string[] =>
  image(...layers).packages.map(
    ({ name, version, unrecorded }) =>
      `${name} ${version}${unrecorded === undefined ? '' : ` (${unrecorded})`}`,
  );
const removed = (file: string) => `its record was removed, and its files are there: ${file}`;
const rewritten = (file: string) =>
  `its version in the record was rewritten, and its files are there: ${file}`;

const INFO = `${SITE}/Django-3.0.dist-info`;
const [INIT, HTTP] = [`${SITE}/django/__init__.py`, `${SITE}/django/http.py`] as const;
const DJANGO_4: readonly Item[] = [
  file(`${SITE}/Django-4.0.dist-info/METADATA`, METADATA.replace('3.0', '4.0')),
  file(`${SITE}/Django-4.0.dist-info/RECORD`, 'django/__init__.py,,\ndjango/http.py,,\n'),
];
const status = (...stanzas: readonly string[]): Item =>
  file('var/lib/dpkg/status', stanzas.join(''));
const listOf = (name: string): Item => file(`var/lib/dpkg/info/${name}.list`, '/usr/bin/openssl\n');
const OPENSSL = program('usr/bin/openssl');
const BASE = deb('base', '1');
const LIBZ = [file('lib/apk/db/installed', apk('1.2')), file('lib/libz.so.1', 'x')];
const npm = (version: string, name = 'a', above = 'app/node_modules'): Item =>
  file(`${above}/${name}/package.json`, `{"name":"${name}","version":"${version}"}`);
const INDEX = 'app/node_modules/a/index.js';
const NPM = [npm('1.0.0'), file(INDEX, 'x'), file('app/node_modules/a/lib/more.js', 'x')];
const SPEC = 'usr/lib/gems/specifications/rack-2.0.gemspec';
const RACK = 'usr/lib/gems/gems/rack-2.0/lib/rack.rb';
const GEM = [file(SPEC, '# stub: rack 2.0 ruby lib\n'), file(RACK, 'x')];
const INSTALLED = 'app/vendor/composer/installed.json';
const COMPOSER = [
  file(INSTALLED, '[{"name":"a/b","version":"1"}]'),
  file('app/vendor/a/b/src/X.php', 'x'),
];

describe('a package is gone only where its files are', () => {
  test.each<[string, readonly Item[], readonly Item[], readonly string[]]>([
    ['Python, its metadata removed', DJANGO, [gone(INFO)], [`Django 3.0 (${removed(INIT)})`]],
    ['Python, with its code', DJANGO, [gone(INFO), gone(`${SITE}/django`)], []],
    [
      'Python, and all files written again',
      DJANGO,
      [gone(INFO), file(INIT, 'y'), file(HTTP, 'y')],
      [`Django 3.0 (${removed(INIT)})`],
    ],
    [
      'Python, its version rewritten',
      DJANGO,
      [file(`${INFO}/METADATA`, METADATA.replace('3.0', '9.9'))],
      [`Django 3.0 (${rewritten(INIT)})`, 'Django 9.9'],
    ],
    [
      'Python, upgraded',
      DJANGO,
      [gone(INFO), ...DJANGO_4, file(INIT, 'y'), file(HTTP, 'y')],
      ['Django 4.0'],
    ],
    [
      'Python, without a list of files',
      DJANGO.filter(({ path }) => !path.endsWith('RECORD')),
      [gone(`${INFO}/METADATA`)],
      [`Django 3.0 (${removed(INIT)})`],
    ],
    [
      'Python, with links where its files were',
      DJANGO,
      [gone(INFO), file('opt/d.py', 'x'), link(INIT, '/opt/d.py'), link(HTTP, '/opt/d.py')],
      [`Django 3.0 (${removed('opt/d.py')})`],
    ],
    [
      'Python, compiled alone',
      [...DJANGO, file(`${SITE}/django/__pycache__/http.cpython-313.pyc`, 'x')],
      [gone(INFO), gone(INIT), gone(HTTP)],
      [`Django 3.0 (${removed(`${SITE}/django/__pycache__/http.cpython-313.pyc`)})`],
    ],
    [
      'headers',
      [
        status(deb('linux-libc-dev', '6.1'), BASE),
        file('var/lib/dpkg/info/linux-libc-dev.list', '/usr\n/usr/include\n/usr/include/a.h\n'),
        file('usr/include/a.h', 'x'),
      ],
      [status(BASE)],
      ['base 1', `linux-libc-dev 6.1 (${removed('usr/include/a.h')})`],
    ],
    [
      'a gem of a platform',
      [
        file(
          'usr/lib/gems/specifications/n-1.0-x86_64-linux.gemspec',
          '# stub: n 1.0 x86_64-linux lib\n',
        ),
        file('usr/lib/gems/gems/n-1.0-x86_64-linux/lib/n.rb', 'x'),
      ],
      [gone('usr/lib/gems/specifications')],
      [`n 1.0 (${removed('usr/lib/gems/gems/n-1.0-x86_64-linux/lib/n.rb')})`],
    ],
    [
      'a gem of Ruby itself',
      [
        file(
          'usr/lib/ruby/gems/3.3.0/specifications/default/rexml-3.2.gemspec',
          '# stub: rexml 3.2 ruby lib\n',
        ),
        file('usr/lib/ruby/3.3.0/rexml/document.rb', 'x'),
      ],
      [gone('usr/lib/ruby/gems/3.3.0/specifications/default')],
      [`rexml 3.2 (${removed('usr/lib/ruby/3.3.0/rexml/document.rb')})`],
    ],
    ['its entry', DEBIAN, [status(BASE)], ['base 1', `openssl 3.0 (${removed(OPENSSL.path)})`]],
    ['its database', DEBIAN, [gone('var/lib/dpkg')], [`openssl 3.0 (${removed(OPENSSL.path)})`]],
    [
      'Debian, its version rewritten',
      DEBIAN,
      [status(deb('openssl', '9.9'), BASE)],
      ['base 1', `openssl 3.0 (${rewritten(OPENSSL.path)})`, 'openssl 9.9'],
    ],
    [
      'Debian, its source rewritten',
      [status(debOf('openssl-src')), ...DEBIAN.slice(1)],
      [status(debOf('harmless'))],
      [`openssl 3.0 (${rewritten(OPENSSL.path)})`, 'openssl 3.0'],
    ],
    [
      'Debian, upgraded',
      DEBIAN,
      [status(deb('openssl', '3.1'), BASE), listOf('openssl'), OPENSSL],
      ['base 1', 'openssl 3.1'],
    ],
    ['uninstalled, its settings kept', DEBIAN, [status(BASE), gone(OPENSSL.path)], ['base 1']],
    [
      'Debian, replaced by a package with its files',
      DEBIAN,
      [status(deb('openssl-new', '1'), BASE), listOf('openssl-new'), OPENSSL],
      ['base 1', 'openssl-new 1'],
    ],
    [
      'Alpine',
      LIBZ,
      [file('lib/apk/db/installed', apk('1.3'))],
      [`zlib 1.2 (${rewritten('lib/libz.so.1')})`, 'zlib 1.3'],
    ],
    ['npm, its manifest removed', NPM, [gone(npm('').path)], [`a 1.0.0 (${removed(INDEX)})`]],
    ['npm, rewritten', NPM, [npm('9.0.0')], [`a 1.0.0 (${rewritten(INDEX)})`, 'a 9.0.0']],
    [
      'npm, all but what is below it removed',
      [npm('1.0.0'), npm('1.0.0', 'b', 'app/node_modules/a/node_modules')],
      [gone(npm('').path)],
      ['b 1.0.0'],
    ],
    ['a gem', GEM, [gone(SPEC)], [`rack 2.0 (${removed(RACK)})`]],
    [
      'composer',
      COMPOSER,
      [file(INSTALLED, '[]')],
      [`a/b 1 (${removed('app/vendor/a/b/src/X.php')})`],
    ],
    [
      'a package with the name of what each object has',
      [status(deb('constructor', '1'), deb('__proto__', '1'))],
      [gone('var/lib/dpkg/status')],
      [],
    ],
    ['a jar, which is its own record', [jar('2.14.0')], [gone('app/log.jar')], []],
    [
      'a jar without its record by now',
      [jar('2.14.0')],
      [jar(undefined)],
      [`org.acme:log 2.14.0 (${removed('app/log.jar')})`],
    ],
    ['a jar, upgraded', [jar('2.14.0')], [jar('2.17.1')], ['org.acme:log 2.17.1']],
  ])('%s', (_what, lower, upper, expected) => {
    expect([...seen(lower, upper)].sort()).toEqual([...expected].sort());
  });
});

describe('a system that few packages account for', () => {
  const programs = (count: number): readonly Item[] =>
    Array.from({ length: count }, (_, index) => program(`usr/bin/tool-${index}`));
  const stanzas = (count: number): string =>
    Array.from({ length: count }, (_, index) => deb(`x${index}`, '1')).join('');
  const list = (count: number): Item =>
    file(
      'var/lib/dpkg/info/one.list',
      Array.from({ length: count }, (_, index) => `/usr/bin/tool-${index}\n`).join(''),
    );
  const ONE = deb('one', '1');

  test.each<[string, readonly Item[], string | undefined]>([
    [
      'without a record',
      [status(ONE), ...programs(200)],
      'var/lib/dpkg/status could not be read: it lists 1 packages, and 200 of the system’s 200 programs are of none of them',
    ],
    [
      'of packages without files',
      [status(ONE, stanzas(40)), list(1), ...programs(200)],
      'var/lib/dpkg/status could not be read: it lists 41 packages, and 199 of the system’s 200 programs are of none of them',
    ],
    ['whose packages list the programs', [status(ONE), list(200), ...programs(200)], undefined],
    ['with a few more programs', [status(ONE), ...programs(20)], undefined],
    ['whose lists were taken away', [status(stanzas(80)), ...programs(300)], undefined],
  ])('%s', (_, items, reason) => {
    const fact = knownPackages(image(items));
    expect(fact.known ? undefined : fact.reason).toBe(reason);
  });

  test.each([
    [200, ['no package is recorded for 200 of the system’s 200 programs']],
    [20, []],
  ])('with packages of a language, and %i programs', (count, reasons) => {
    const { unreadablePackages } = image([
      npm('1.0.0', 'a', 'srv/node_modules'),
      ...programs(count),
    ]);
    expect(unreadablePackages.map(({ reason }) => reason)).toEqual(reasons);
  });
});

test.each<[string, readonly Item[], string]>([
  [
    'Debian',
    [status(BASE), listOf('openssl'), OPENSSL],
    'usr/bin/openssl: a list has it, and openssl is not recorded',
  ],
  [
    'Python',
    DJANGO.filter(({ path }) => !path.endsWith('METADATA')),
    `${INIT}: a list has it, and ${INFO}/METADATA is not recorded`,
  ],
])('a list of files without a record is unread: %s', (_, layer, expected) => {
  expect(
    image(layer).unreadablePackages.map(({ location, reason }) => `${location.path}: ${reason}`),
  ).toEqual([expected]);
});
