import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { readRpmDatabase } from '../../src/facts/packages/distributions.ts';
import { yamlTable } from '../fakes/table.ts';
import { file, image, layerFacts } from './support.ts';

const FOLDER = `${import.meta.dirname}/../fixtures/rpm`;
const sample = (name: string): Buffer => gunzipSync(readFileSync(`${FOLDER}/${name}.gz`));
const PACKAGES: unknown = yamlTable('test/facts/rpm.yaml');

const SAMPLES: readonly (readonly [name: string, sample: string])[] = [
  ['rpmdb.sqlite', 'rpmdb.sqlite'],
  ['Packages.db', 'Packages.db'],
  ['Packages', 'Packages-1234'],
  ['Packages', 'Packages-4321'],
];

describe('rpm’s databases', () => {
  test.each(SAMPLES)('%s as %s', (name, from) => {
    const { packages, owned, unreadable } = readRpmDatabase(sample(from), name);
    expect(unreadable).toBeUndefined();
    expect(packages.toSorted((a, b) => (a.name < b.name ? -1 : 1))).toEqual(PACKAGES);
    expect([...(owned ?? [])].map(({ owner, path }) => `${owner} ${path}`).toSorted()).toEqual([
      'scoville-many /usr/share/many',
      'scoville-sample /usr/bin/sample',
      'scoville-sample /usr/lib/python3/site-packages/owned-1.0.dist-info/METADATA',
      'scoville-tiny /var/lib/rpm/Packages',
    ]);
  });

  test('say what rpm says of them', () => {
    const said = readFileSync(`${FOLDER}/query.txt`, 'utf8').trim().split('\n');
    const { packages } = readRpmDatabase(sample('rpmdb.sqlite'), 'rpmdb.sqlite');
    const ours = packages.map(({ name, version, architecture = '' }) => {
      const [, epoch = '0', rest = ''] = /^(?:(\d+):)?(.*)$/.exec(version) ?? [];
      return `${name} ${epoch} ${rest} ${architecture}`;
    });
    expect(ours.toSorted()).toEqual(said);
  });

  test('in an image: purls, where the file is, nothing twice', () => {
    const { packages } = image([
      file('etc/os-release', 'ID="rhel"\nVERSION_ID="9.4"\n'),
      file('usr/lib/sysimage/rpm/rpmdb.sqlite', sample('rpmdb.sqlite')),
      file('usr/lib/sysimage/rpm/rpmdb.sqlite-wal', ''),
      file(
        'usr/lib/python3/site-packages/owned-1.0.dist-info/METADATA',
        'Name: owned\nVersion: 1.0\n',
      ),
    ]);
    expect(packages.map(({ purl, location }) => `${purl} ${location.path}`)).toEqual([
      'pkg:rpm/redhat/scoville-many@1.4.0-3.el9?arch=noarch&distro=rhel-9.4&epoch=2&rpmmod=sample:1:820:abc&upstream=scoville-sample-1.4.0-3.el9.src.rpm usr/lib/sysimage/rpm/rpmdb.sqlite',
      'pkg:rpm/redhat/scoville-sample@1.4.0-3.el9?arch=noarch&distro=rhel-9.4&epoch=2&rpmmod=sample:1:820:abc&upstream=scoville-sample-1.4.0-3.el9.src.rpm usr/lib/sysimage/rpm/rpmdb.sqlite',
      'pkg:rpm/redhat/scoville-tiny@7-3.el9?arch=noarch&distro=rhel-9.4&rpmmod=sample:1:820:abc&upstream=scoville-sample-1.4.0-3.el9.src.rpm usr/lib/sysimage/rpm/rpmdb.sqlite',
    ]);
  });

  test.each(SAMPLES)('%s as %s stays where packages list it as theirs', (name, from) => {
    const { packages, unreadablePackages: unreadable } = image([
      file('etc/os-release', 'ID="rhel"\nVERSION_ID="7.9"\n'),
      file(`var/lib/rpm/${name}`, sample(from)),
    ]);
    expect([packages.map((found) => found.name), unreadable]).toEqual([
      ['scoville-many', 'scoville-sample', 'scoville-tiny'],
      [],
    ]);
  });

  test('changes that are not in the database yet are not passed over in silence', () => {
    const { unreadable } = layerFacts([
      file('var/lib/rpm/rpmdb.sqlite', sample('rpmdb.sqlite')),
      file('var/lib/rpm/rpmdb.sqlite-wal', new Uint8Array(4096)),
    ]);
    expect(unreadable).toEqual([
      {
        path: 'var/lib/rpm/rpmdb.sqlite-wal',
        reason: 'it contains changes of the package database that are not in it yet',
      },
    ]);
  });
});

describe('damaged databases', () => {
  test.each([
    ['rpmdb.sqlite', 'it is not an SQLite database'],
    ['Packages.db', 'it is not an ndb database'],
    ['Packages', 'it is not a Berkeley DB hash database'],
  ])('%s that is something else', (name, reason) => {
    expect(readRpmDatabase(Buffer.alloc(8192, 'x'), name)).toEqual({
      packages: [],
      owned: [],
      unreadable: reason,
    });
  });

  test('a page that is its own child', () => {
    const bytes = sample('rpmdb.sqlite');
    const pageSize = bytes.readUInt16BE(16);
    // An interior page without cells whose last child is itself, in the place of every page.
    for (let page = 2; page * pageSize <= bytes.length; page += 1) {
      const at = (page - 1) * pageSize;
      bytes.writeUInt8(5, at);
      bytes.writeUInt16BE(0, at + 3);
      bytes.writeUInt32BE(page, at + 8);
    }
    expect(readRpmDatabase(bytes, 'rpmdb.sqlite').unreadable).toBe('its pages go in a loop');
  });

  test('a header that counts more than it holds leaves the others', () => {
    const bytes = sample('Packages.db');
    const first = bytes.indexOf('BlbS');
    bytes.writeUInt32BE(0xffff, first + 16);
    const { packages, unreadable } = readRpmDatabase(bytes, 'Packages.db');
    expect([packages.length, unreadable]).toEqual([2, 'a header is cut off']);
  });
});
