import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync, gzipSync } from 'node:zlib';
import { zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { configSecrets } from '../../src/facts/secrets/document-secrets.ts';
import { entry, tarOf } from '../fakes/tar-bytes.ts';
import { mixed } from './secret-samples.ts';
import { elfWith, file, image, layerFacts } from './support.ts';

const TOKEN = `ghp_${mixed(36)}`;
const SECRET = Buffer.from(`{"name":"app","token":"${TOKEN}"}\n`);
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

const tar = (name: string, content: Uint8Array): Buffer =>
  tarOf([{ entry: entry({ name, size: content.length }), content }]);

function ar(...members: readonly (readonly [string, Uint8Array])[]): Buffer {
  return Buffer.concat([
    Buffer.from('!<arch>\n'),
    ...members.flatMap(([name, bytes]) => [
      Buffer.from(
        `${name.padEnd(16)}0           0     0     100644  ${String(bytes.length).padEnd(10)}\`\n`,
      ),
      bytes,
      Buffer.alloc(bytes.length % 2, '\n'),
    ]),
  ]);
}

const loose = deflateSync(Buffer.concat([Buffer.from(`blob ${SECRET.length}\0`), SECRET]));
const OBJECT = `ab/${'cd'.repeat(19)}`;
const script = '#!/bin/sh\n# made by makeself\ntail -n +4 "$0" | tar xz\nexit 0\n';
const zip = Buffer.from(zipSync({ 'a/config.json': SECRET }));
/** Packs to bytes that the base64 of URLs spells with its own letters. */
const drawn = Buffer.concat([SECRET, Buffer.from(mixed(900))]);
const wide = Buffer.from(`token ${TOKEN} `, 'utf16le');

function found(path: string, content: Uint8Array | string): readonly string[] {
  return image([file(path, content)]).secrets.findings.map(({ rule }) => rule);
}

const GZIP = gzipSync(SECRET);
const TAR_GZIP = gzipSync(tar('a.json', SECRET));
const again = (bytes: Uint8Array): string => base64(Buffer.from(base64(bytes)));
const VALUE = `token: ${base64(Buffer.from(`x ${TOKEN} y`))}\n`;
const lines = (text: string): string => text.replace(/.{60}/g, '$&\n    ');
const behind = (start: string, ...rest: readonly Uint8Array[]): Buffer =>
  Buffer.concat([Buffer.from(start), ...rest]);
const deb = (control: readonly [string, Uint8Array], data: Uint8Array): Buffer =>
  ar(
    ['debian-binary', Buffer.from('2.0\n')],
    ['control.tar.gz', gzipSync(tar(...control))],
    ['data.tar.gz', gzipSync(tar('./etc/app.json', data))],
  );
const SQLITE = 'SQLite format 3\0';
const NOTHING = Buffer.from('{}');

describe('what is packed or encoded is read like a file', () => {
  test.each<[string, string, Uint8Array | string]>([
    ['gzip in base64, as cloud-init has it', 'a/user-data', `content: ${base64(GZIP)}\n`],
    ['… twice, a release of Helm', 'b/secrets.yaml', `data:\n  release: ${again(GZIP)}\n`],
    ['in it a value in base64', 'b/r.yaml', `release: ${again(gzipSync(Buffer.from(VALUE)))}\n`],
    ['gzip in base64 over lines', 'a.yaml', lines(base64(GZIP))],
    ['a zip in base64', 'a.yaml', `binaryData:\n  a.zip: ${base64(zip)}\n`],
    ['a tar of gzip in base64', 'a.json', `{"v":"${base64(TAR_GZIP)}"}`],
    ['a Debian package', 'opt/a.deb', deb(['./control', Buffer.from('Package: a\n')], SECRET)],
    ['its control scripts', 'opt/a.deb', deb(['./postinst', SECRET], NOTHING)],
    ['a script before a tar of gzip', 'opt/run.sh', behind(script, TAR_GZIP)],
    ['a script before a plain gzip', 'opt/run.sh', behind(script, GZIP)],
    ['a script before a zip', 'opt/app.jar', behind(script, zip)],
    ['a program before a zip', 'opt/sfx', Buffer.concat([elfWith('', 20_000), zip])],
    ['zlib', 'srv/a.bin', deflateSync(SECRET)],
    ['zlib in base64', 'srv/a.yaml', `a: ${base64(deflateSync(SECRET))}\n`],
    ['zlib with tables in base64', 'srv/a.yaml', `a: ${base64(deflateSync(drawn))}\n`],
    ['gzip in the base64 of URLs', 'a.txt', gzipSync(drawn).toString('base64url')],
    ['gzip in hexadecimal', 'a.conf', `blob=${GZIP.toString('hex')}\n`],
    ['… in lines', 'a.hex', GZIP.toString('hex').toUpperCase().replace(/.{60}/g, '$&\n')],
    ['a database in base64', 'a.txt', base64(behind(SQLITE, Buffer.alloc(99, 1), SECRET))],
    ['an object of git', `srv/repo/objects/${OBJECT}`, loose],
    ['an object of git under another name', 'srv/odd.bin', loose],
    [
      'UTF-16 in a database',
      'a.sqlite',
      behind(SQLITE, Buffer.alloc(4001, 1), wide, Buffer.alloc(99, 1)),
    ],
  ])('%s', (_what, path, content) => {
    expect(found(path, content)).toContain('github-token');
  });

  test.each([
    ['once', (key: Buffer) => base64(key)],
    ['twice', (key: Buffer) => base64(Buffer.from(base64(key)))],
  ])('a private key in DER, in base64 %s', (_what, spelled) => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const der = privateKey.export({ type: 'pkcs8', format: 'der' });
    expect(found('etc/k.yaml', `tls.key: ${spelled(der)}\n`)).toEqual(['der-private-key']);
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
    expect(found('etc/k.pem', pem)).toEqual(['private-key']);
    expect(found('etc/k.yaml', `a: |\n  ${pem.toString().replaceAll('\n', '\n  ')}`)).toEqual([
      'private-key',
    ]);
  });

  test('in an environment variable', () => {
    const config = { config: { Env: [`RELEASE=${base64(gzipSync(SECRET))}`] } };
    const { findings } = configSecrets(config);
    expect(findings.map(({ rule }) => rule)).toEqual(['github-token']);
  });

  test.each([`srv/app.git/objects/${OBJECT}`, `srv/x/objects/pack/pack-${'0a'.repeat(20)}.pack`])(
    'a bare repository at %s',
    (path) => {
      expect(found(path, 'PACK and more of it')).toContain('git-directory');
    },
  );

  test('a bare repository that git made', () => {
    const folder = mkdtempSync(join(tmpdir(), 'bare-'));
    const git = (...args: readonly string[]): string =>
      execFileSync('git', ['-C', folder, ...args], { input: SECRET, encoding: 'utf8' });
    git('init', '-q', '--bare');
    const id = git('hash-object', '-w', '--stdin').trim();
    const path = `objects/${id.slice(0, 2)}/${id.slice(2)}`;
    expect(found(`srv/repo/${path}`, readFileSync(join(folder, path)))).toEqual([
      'git-directory',
      'github-token',
    ]);
    rmSync(folder, { recursive: true });
  });
});

describe('what is packed and not opened is a gap', () => {
  const gaps = (path: string, content: Uint8Array | string): readonly string[] =>
    layerFacts([file(path, content)]).secretGaps.map(({ reason }) => reason);
  const filler = Buffer.alloc(200, 7);
  test.each([
    ['xz', 'fd377a585a00'],
    ['zstd', '28b52ffd'],
    ['bzip2', '425a68'],
    ['7z', '377abcaf271c'],
    ['rar', '526172211a07'],
    ['lz4', '04224d18'],
    ['squashfs', '68737173'],
    ['cpio', '303730373031'],
    ['git pack', '5041434b00000002'],
    ['git bundle', Buffer.from('# v2 git bundle').toString('hex')],
    ['rpm', 'edabeedb'],
    ['UTF-32 text', 'fffe0000'],
    ['UTF-32 text', '0000feff'],
  ])('%s', (kind, magic) => {
    const packed = Buffer.concat([Buffer.from(magic, 'hex'), filler]);
    expect(gaps('opt/a.bin', packed)).toEqual([`it is packed and not opened: ${kind}`]);
    expect(gaps('opt/a.yaml', `a: ${base64(packed)}\n`)).toEqual([
      `it contains what is packed and not opened: ${kind} in base64`,
    ]);
    expect(gaps('opt/a.tgz', gzipSync(tar('in.bin', packed)))).toEqual([
      `it is packed and not opened: ${kind}`,
    ]);
    expect(gaps('opt/run.sh', Buffer.concat([Buffer.from(script), packed]))).toEqual([
      `it is packed and not opened: ${kind}`,
    ]);
  });

  test('gzip in a row of a database', () => {
    const row = Buffer.concat([Buffer.from('SQLite format 3\0'), filler, gzipSync('a: b')]);
    expect(gaps('opt/a.db', row)).toEqual(['it is packed and not opened: gzip in a database']);
    expect(gaps('opt/a.db', row.subarray(0, 100))).toEqual([]);
  });

  test('a zip that is encrypted', () => {
    const closed = Buffer.from(zip);
    closed.writeUInt16LE(1, 6);
    expect(gaps('opt/a.zip', closed)[0]).toContain('encrypted or unusual zip');
  });

  test('not where the file is in the tests of Python', () => {
    const packed = Buffer.concat([Buffer.from('fd377a585a00', 'hex'), filler]);
    expect(gaps('usr/lib/python3.12/test/archive.xz', packed)).toEqual([]);
  });
});
