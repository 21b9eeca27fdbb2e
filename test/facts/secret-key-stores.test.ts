import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  isKeyStoreName,
  KEY_STORES,
  keyStoreRule,
} from '../../src/facts/secrets/credential-files.ts';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const edwards = generateKeyPairSync('ed25519');

function der(key: KeyObject, type: 'pkcs1' | 'pkcs8' | 'sec1' | 'spki'): Buffer {
  return key.export({ format: 'der', type } as never) as unknown as Buffer;
}

/** A Java key store of entries by their tags, as `keytool` of Java 8 writes. */
function javaStore(magic: number, tags: readonly number[]): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt32BE(magic, 0);
  head.writeUInt32BE(2, 4);
  head.writeUInt32BE(tags.length, 8);
  const entries = tags.map((tag) => {
    const alias = Buffer.from('mine');
    const start = Buffer.alloc(6);
    start.writeUInt32BE(tag, 0);
    start.writeUInt16BE(alias.length, 4);
    const content = Buffer.alloc(2 + 5 + 4 + 30);
    content.writeUInt16BE(5, 0);
    content.write('X.509', 2);
    content.writeUInt32BE(30, 7);
    return Buffer.concat([start, alias, Buffer.alloc(8), content]);
  });
  return Buffer.concat([head, ...entries, Buffer.alloc(20)]);
}

/** The outermost of a PKCS#12 store and what of its bags can be seen. */
function pkcs12(...oids: readonly string[]): Buffer {
  const inner = Buffer.concat([
    Buffer.from('020103', 'hex'),
    ...oids.map((o) => Buffer.from(o, 'hex')),
    Buffer.alloc(300),
  ]);
  return Buffer.concat([Buffer.from([0x30, 0x82, inner.length >> 8, inner.length & 0xff]), inner]);
}

const KEY_BAG = '060b2a864886f70d010c0a0102';
const CERT_BAG = '060b2a864886f70d010c0a0103';

describe('a key', () => {
  test.each<[string, string, Buffer]>([
    ['a.der', 'der-private-key', der(rsa.privateKey, 'pkcs8')],
    ['a.key', 'der-private-key', der(rsa.privateKey, 'pkcs1')],
    ['a.pk8', 'der-private-key', der(ec.privateKey, 'pkcs8')],
    ['a.key', 'der-private-key', der(ec.privateKey, 'sec1')],
    ['a.p8', 'der-private-key', der(edwards.privateKey, 'pkcs8')],
    ['a.p12', 'pkcs12-key-store', pkcs12(CERT_BAG, KEY_BAG)],
    ['a.PFX', 'pkcs12-key-store', pkcs12(KEY_BAG)],
    ['a.jks', 'java-key-store', javaStore(0xfeedfeed, [2, 1])],
    ['a.jceks', 'java-key-store', javaStore(0xcececece, [2, 3])],
    ['a.keystore', 'java-key-store', pkcs12(KEY_BAG)],
    ['secring.gpg', 'pgp-key-ring', Buffer.from([0x95, 0x03, 0xbe, 4, 0, 0])],
    [`${'0AF1'.repeat(10)}.key`, 'pgp-key-ring', Buffer.from('(21:protected-private-key(3:rsa')],
    [
      `${'0AF1'.repeat(10)}.key`,
      'pgp-key-ring',
      Buffer.from('Created: 2024\nKey: (private-key (rsa'),
    ],
    ['a.keytab', 'kerberos-keytab', Buffer.concat([Buffer.from([5, 2]), Buffer.alloc(40)])],
    ['credentials.db', 'gcloud-credentials-db', Buffer.from('SQLite format 3\0..{"refresh_token"')],
  ])('%s: %s', (name, rule, bytes) => {
    expect(keyStoreRule(`srv/${name}`, bytes)).toBe(rule);
    expect(isKeyStoreName(`srv/${name}`)).toBe(true);
  });

  test('every store has been tried', () => {
    expect(KEY_STORES.map(({ id }) => id)).toEqual([
      ...['der-private-key', 'pkcs12-key-store', 'java-key-store', 'pgp-key-ring'],
      ...['kerberos-keytab', 'gcloud-credentials-db'],
    ]);
  });
});

describe('no key', () => {
  test.each<[string, Buffer]>([
    ['a.der', der(rsa.publicKey, 'spki')],
    ['a.der', der(rsa.publicKey, 'pkcs1')],
    ['a.key', Buffer.from('any text')],
    ['a.p12', pkcs12(CERT_BAG)],
    ['a.jks', javaStore(0xfeedfeed, [2, 2, 2])],
    ['a.gpg', Buffer.from([0x99, 0x01, 0x0d, 4])],
    ['a.keytab', Buffer.from('keys')],
    ['credentials.db', Buffer.from('SQLite format 3\0 other')],
    ['a.der', Buffer.alloc(0)],
    ['a.jks', Buffer.from('feedfeed', 'hex')],
    ['a.jks', Buffer.concat([Buffer.from('feedfeed00000002ffffffff00000002ffff', 'hex')])],
  ])('%s', (name, bytes) => {
    expect(keyStoreRule(`srv/${name}`, bytes)).toBeUndefined();
  });
});

test.each<[string, string, Buffer]>([
  ['blob', 'der-private-key', der(rsa.privateKey, 'pkcs8')],
  ['id', 'der-private-key', der(ec.privateKey, 'sec1')],
  ['other.bin', 'pkcs12-key-store', pkcs12(KEY_BAG)],
  ['store', 'java-key-store', javaStore(0xfeedfeed, [1])],
])('whatever it is called: %s', (name, rule, bytes) => {
  expect(keyStoreRule(`srv/${name}`, bytes)).toBe(rule);
});
