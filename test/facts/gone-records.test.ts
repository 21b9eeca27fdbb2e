import { strToU8, zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { knownPackages } from '../../src/facts/build-facts.ts';
import { file, image, type Item, program } from './support.ts';

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

describe('a package is gone only where its files are', () => {
  test.each<[string, readonly Item[], readonly Item[], readonly string[]]>([
    [
      'Python, its metadata removed',
      DJANGO,
      [gone(`${SITE}/Django-3.0.dist-info`)],
      [`Django 3.0 (${removed(`${SITE}/django/__init__.py`)})`],
    ],
    [
      'Python, with its code',
      DJANGO,
      [gone(`${SITE}/Django-3.0.dist-info`), gone(`${SITE}/django`)],
      [],
    ],
    [
      'Python, and all files written again',
      DJANGO,
      [
        gone(`${SITE}/Django-3.0.dist-info`),
        file(`${SITE}/django/__init__.py`, 'y'),
        file(`${SITE}/django/http.py`, 'y'),
      ],
      [`Django 3.0 (${removed(`${SITE}/django/__init__.py`)})`],
    ],
    [
      'Python, its version rewritten',
      DJANGO,
      [file(`${SITE}/Django-3.0.dist-info/METADATA`, METADATA.replace('3.0', '9.9'))],
      [`Django 3.0 (${rewritten(`${SITE}/django/__init__.py`)})`, 'Django 9.9'],
    ],
    [
      'Python, upgraded',
      DJANGO,
      [
        gone(`${SITE}/Django-3.0.dist-info`),
        file(`${SITE}/Django-4.0.dist-info/METADATA`, METADATA.replace('3.0', '4.0')),
        file(`${SITE}/Django-4.0.dist-info/RECORD`, 'django/__init__.py,,\ndjango/http.py,,\n'),
        file(`${SITE}/django/__init__.py`, 'y'),
        file(`${SITE}/django/http.py`, 'y'),
      ],
      ['Django 4.0'],
    ],
    [
      'Python, without a list of files',
      DJANGO.filter(({ path }) => !path.endsWith('RECORD')),
      [gone(`${SITE}/Django-3.0.dist-info/METADATA`)],
      [`Django 3.0 (${removed(`${SITE}/django/__init__.py`)})`],
    ],
    [
      'Debian, its entry removed',
      DEBIAN,
      [file('var/lib/dpkg/status', deb('base', '1'))],
      ['base 1', `openssl 3.0 (${removed('usr/bin/openssl')})`],
    ],
    [
      'Debian, the database removed',
      DEBIAN,
      [gone('var/lib/dpkg')],
      [`openssl 3.0 (${removed('usr/bin/openssl')})`],
    ],
    [
      'Debian, its version rewritten',
      DEBIAN,
      [file('var/lib/dpkg/status', deb('openssl', '9.9') + deb('base', '1'))],
      ['base 1', `openssl 3.0 (${rewritten('usr/bin/openssl')})`, 'openssl 9.9'],
    ],
    [
      'Debian, its source rewritten',
      [file('var/lib/dpkg/status', debOf('openssl-src')), ...DEBIAN.slice(1)],
      [file('var/lib/dpkg/status', debOf('harmless'))],
      [`openssl 3.0 (${rewritten('usr/bin/openssl')})`, 'openssl 3.0'],
    ],
    [
      'Debian, upgraded',
      DEBIAN,
      [
        file('var/lib/dpkg/status', deb('openssl', '3.1') + deb('base', '1')),
        file('var/lib/dpkg/info/openssl.list', '/usr/bin/openssl\n'),
        program('usr/bin/openssl'),
      ],
      ['base 1', 'openssl 3.1'],
    ],
    [
      'Debian, uninstalled, its configuration kept',
      DEBIAN,
      [file('var/lib/dpkg/status', deb('base', '1')), gone('usr/bin/openssl')],
      ['base 1'],
    ],
    [
      'Debian, replaced by a package with its files',
      DEBIAN,
      [
        file('var/lib/dpkg/status', deb('openssl-new', '1') + deb('base', '1')),
        file('var/lib/dpkg/info/openssl-new.list', '/usr/bin/openssl\n'),
        program('usr/bin/openssl'),
      ],
      ['base 1', 'openssl-new 1'],
    ],
    [
      'Alpine',
      [file('lib/apk/db/installed', apk('1.2')), file('lib/libz.so.1', 'x')],
      [file('lib/apk/db/installed', apk('1.3'))],
      [`zlib 1.2 (${rewritten('lib/libz.so.1')})`, 'zlib 1.3'],
    ],
    [
      'npm, its manifest removed',
      [
        file('app/node_modules/a/package.json', '{"name":"a","version":"1.0.0"}'),
        file('app/node_modules/a/index.js', 'x'),
        file('app/node_modules/a/lib/more.js', 'x'),
      ],
      [gone('app/node_modules/a/package.json')],
      [`a 1.0.0 (${removed('app/node_modules/a/index.js')})`],
    ],
    [
      'npm, its version rewritten',
      [
        file('app/node_modules/a/package.json', '{"name":"a","version":"1.0.0"}'),
        file('app/node_modules/a/index.js', 'x'),
        file('app/node_modules/a/lib/more.js', 'x'),
      ],
      [file('app/node_modules/a/package.json', '{"name":"a","version":"9.0.0"}')],
      [`a 1.0.0 (${rewritten('app/node_modules/a/index.js')})`, 'a 9.0.0'],
    ],
    [
      'npm, all but what is below it removed',
      [
        file('app/node_modules/a/package.json', '{"name":"a","version":"1.0.0"}'),
        file('app/node_modules/a/node_modules/b/package.json', '{"name":"b","version":"1.0.0"}'),
      ],
      [gone('app/node_modules/a/package.json')],
      ['b 1.0.0'],
    ],
    [
      'a gem',
      [
        file('usr/lib/gems/specifications/rack-2.0.gemspec', '# stub: rack 2.0 ruby lib\n'),
        file('usr/lib/gems/gems/rack-2.0/lib/rack.rb', 'x'),
      ],
      [gone('usr/lib/gems/specifications/rack-2.0.gemspec')],
      [`rack 2.0 (${removed('usr/lib/gems/gems/rack-2.0/lib/rack.rb')})`],
    ],
    [
      'composer',
      [
        file('app/vendor/composer/installed.json', '[{"name":"a/b","version":"1"}]'),
        file('app/vendor/a/b/src/X.php', 'x'),
      ],
      [file('app/vendor/composer/installed.json', '[]')],
      [`a/b 1 (${removed('app/vendor/a/b/src/X.php')})`],
    ],
    [
      'a package with the name of what each object has',
      [file('var/lib/dpkg/status', deb('constructor', '1') + deb('__proto__', '1'))],
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
  const known = (...items: readonly Item[]) => knownPackages(image(items));
  test('is one without a record', () => {
    const fact = known(file('var/lib/dpkg/status', deb('one', '1')), ...programs(200));
    expect(fact).toMatchObject({
      known: false,
      reason:
        'var/lib/dpkg/status could not be read: it lists 1 packages, and 200 of the system’s 200 programs are of none of them',
    });
  });
  test('also where it names others that have no files', () => {
    const others = Array.from({ length: 40 }, (_, index) => deb(`x${index}`, '1')).join('');
    const list = file('var/lib/dpkg/info/one.list', '/usr/bin/tool-0\n');
    const status = file('var/lib/dpkg/status', deb('one', '1') + others);
    expect(known(status, list, ...programs(200)).known).toBe(false);
  });
  test('also where only packages of a language are recorded', () => {
    const npm = file('srv/node_modules/a/package.json', '{"name":"a","version":"1.0.0"}');
    const unread = (...items: readonly Item[]) => image(...[items]).unreadablePackages;
    expect(unread(npm, ...programs(200))).toMatchObject([
      { reason: 'no package is recorded for 200 of the system’s 200 programs' },
    ]);
    expect(unread(npm, ...programs(20))).toEqual([]);
  });
  test('is none where packages list the programs', () => {
    const lines = Array.from({ length: 200 }, (_, index) => `/usr/bin/tool-${index}\n`).join('');
    const list = file('var/lib/dpkg/info/one.list', lines);
    const status = file('var/lib/dpkg/status', deb('one', '1'));
    expect(known(status, list, ...programs(200)).known).toBe(true);
  });
  test('is none where a few programs were added, or the lists were taken away', () => {
    expect(known(file('var/lib/dpkg/status', deb('one', '1')), ...programs(20)).known).toBe(true);
    const many = Array.from({ length: 80 }, (_, index) => deb(`x${index}`, '1')).join('');
    expect(known(file('var/lib/dpkg/status', many), ...programs(300)).known).toBe(true);
  });
});
