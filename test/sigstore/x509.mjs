// Certificates: a small CA on node:crypto.
import { createHash, createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import {
  bits,
  bool,
  children,
  ctx,
  ctxPrimitive,
  int,
  octets,
  oid,
  printable,
  read,
  seq,
  set,
  utcTime,
  generalizedTime,
} from './der.mjs';

export const ECDSA_SHA256 = () => seq(oid('1.2.840.10045.4.3.2'));
export const ECDSA_SHA384 = () => seq(oid('1.2.840.10045.4.3.3'));
export const p256 = () => generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
export const p384 = () => generateKeyPairSync('ec', { namedCurve: 'secp384r1' });
export const spki = (key) =>
  (key?.type === 'public' ? key : createPublicKey(key)).export({ format: 'der', type: 'spki' });
export const sha256 = (...parts) =>
  parts.reduce((h, p) => h.update(p), createHash('sha256')).digest();
export const pem = (der, what = 'CERTIFICATE') =>
  `-----BEGIN ${what}-----\n${der.toString('base64').replace(/.{64}(?=.)/g, '$&\n')}\n-----END ${what}-----\n`;
export const fromPem = (text) => Buffer.from(text.replace(/-----[^-]+-----|\s/g, ''), 'base64');

const NAMES = { CN: '2.5.4.3', O: '2.5.4.10' };
export const name = (parts) =>
  seq(...Object.entries(parts).map(([k, v]) => set(seq(oid(NAMES[k]), printable(v)))));
const keyId = (publicSpki) => {
  // RFC 5280, 4.2.1.2 (1): SHA-1 of the bits of the key.
  const [, keyBits] = children(read(publicSpki).body);
  return createHash('sha1').update(keyBits.body.subarray(1)).digest();
};
export const extension = (id, critical, value) =>
  seq(oid(id), ...(critical ? [bool(true)] : []), octets(value));
const time = (date) => (date.getUTCFullYear() < 2050 ? utcTime(date) : generalizedTime(date));

/** `issuer`: {name, key, spki, hash}; without it self-signed with `signKey`. `extensions` are added to those of `kind`. */
export function certificate({ subject, subjectSpki, issuer, notBefore, notAfter, extensions }) {
  const algorithm = issuer.hash === 'sha384' ? ECDSA_SHA384() : ECDSA_SHA256();
  const tbsOf = (more) =>
    seq(
      ctx(0, int(2)),
      int(Buffer.concat([Buffer.from([1]), randomBytes(15)])),
      algorithm,
      issuer.name,
      seq(time(notBefore), time(notAfter)),
      subject,
      subjectSpki,
      ctx(3, seq(...extensions, ...more)),
    );
  return {
    tbsOf,
    signed: (tbs) => seq(tbs, algorithm, bits(sign(issuer.hash, tbs, issuer.key))),
  };
}
export const ext = {
  ca: (pathLength) =>
    extension(
      '2.5.29.19',
      true,
      seq(bool(true), ...(pathLength === undefined ? [] : [int(pathLength)])),
    ),
  keyUsageSign: () => extension('2.5.29.15', true, bits(Buffer.from([0x80]), 7)),
  keyUsageCa: () => extension('2.5.29.15', true, bits(Buffer.from([0x06]), 1)),
  eku: (id, critical = false) => extension('2.5.29.37', critical, seq(oid(id))),
  ski: (key) => extension('2.5.29.14', false, octets(keyId(key))),
  aki: (key) => extension('2.5.29.35', false, seq(ctxPrimitive(0, keyId(key)))),
  sanUri: (uri) => extension('2.5.29.17', true, seq(ctxPrimitive(6, Buffer.from(uri)))),
  sanEmail: (email) => extension('2.5.29.17', true, seq(ctxPrimitive(1, Buffer.from(email)))),
  sanDns: (...names) =>
    extension(
      '2.5.29.17',
      false,
      seq(
        ...names.map((n) =>
          /^[0-9.]+$/.test(n)
            ? ctxPrimitive(7, Buffer.from(n.split('.').map(Number)))
            : ctxPrimitive(2, Buffer.from(n)),
        ),
      ),
    ),
};
export const EKU = {
  codeSigning: '1.3.6.1.5.5.7.3.3',
  timeStamping: '1.3.6.1.5.5.7.3.8',
  serverAuth: '1.3.6.1.5.5.7.3.1',
};

const YEAR = 365 * 86_400_000;
export function rootCa(names, { keys = p384(), hash = 'sha384' } = {}) {
  const subject = name(names);
  const key = spki(keys.publicKey);
  const issuer = { name: subject, key: keys.privateKey, spki: key, hash };
  const made = certificate({
    subject,
    subjectSpki: key,
    issuer,
    notBefore: new Date(Date.now() - 86_400_000),
    notAfter: new Date(Date.now() + 10 * YEAR),
    extensions: [ext.keyUsageCa(), ext.ca(), ext.ski(key)],
  });
  return { ...issuer, der: made.signed(made.tbsOf([])) };
}
export function issue(issuer, { names, keys = p256(), hash = 'sha256', extensions, years = 5 }) {
  const subject = name(names);
  const key = spki(keys.publicKey);
  const made = certificate({
    subject,
    subjectSpki: key,
    issuer,
    notBefore: new Date(Date.now() - 86_400_000),
    notAfter: new Date(Date.now() + years * YEAR),
    extensions: [...extensions, ext.ski(key), ext.aki(issuer.spki)],
  });
  return { name: subject, key: keys.privateKey, spki: key, hash, der: made.signed(made.tbsOf([])) };
}
