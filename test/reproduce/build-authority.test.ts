import { X509Certificate } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';
import { expect, test } from 'vitest';
import { BuildAuthority, HASHED_NAME, pkcs12 } from '../../src/reproduce/build-authority.ts';

async function certificateFor(authority: BuildAuthority, host: string): Promise<X509Certificate> {
  const server = createServer({
    SNICallback: (_, done) => {
      done(null, authority.contextFor(host));
    },
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const socket = connect({
    port: (server.address() as AddressInfo).port,
    ca: authority.pem,
    servername: 'any',
    checkServerIdentity: () => undefined,
  });
  await new Promise<void>((done, failed) =>
    socket.once('secureConnect', done).once('error', failed),
  );
  const { raw } = socket.getPeerCertificate();
  socket.destroy();
  server.close();
  return new X509Certificate(raw);
}

test('is an authority of its own, with a name by which OpenSSL finds it', () => {
  const [one, other] = [new BuildAuthority(), new BuildAuthority()];
  const certificate = new X509Certificate(one.pem);
  expect(certificate.ca).toBe(true);
  expect(certificate.subject).toBe('CN=scoville recording');
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  expect(certificate.verify(new X509Certificate(other.pem).publicKey)).toBe(false);
  // openssl x509 -hash -noout
  expect(HASHED_NAME).toBe('dfc7a5f1.0');
});

test.each([
  ['a.example', 'DNS:a.example'],
  ['A_b.Example.', 'DNS:a_b.example'],
  ['192.0.2.1', 'IP Address:192.0.2.1'],
  ['2001:db8::1', 'IP Address:2001:DB8:0:0:0:0:0:1'],
  ['::1', 'IP Address:0:0:0:0:0:0:0:1'],
  ['::ffff:192.0.2.1', 'IP Address:0:0:0:0:0:FFFF:C000:201'],
])('shows a certificate for %s', async (host, name) => {
  const authority = new BuildAuthority();
  const certificate = await certificateFor(authority, host);
  expect(certificate.subjectAltName).toBe(name);
  expect(certificate.ca).toBe(false);
  expect(certificate.checkIssued(new X509Certificate(authority.pem))).toBe(true);
  expect(new Date(certificate.validTo).getUTCFullYear()).toBe(2049);
});

test.each(['', 'a b', 'a/b', '*', '*.a', 'a..b', 'ä', 'a'.repeat(254)])(
  'refuses the host %j',
  (host) => {
    expect(() => new BuildAuthority().contextFor(host)).toThrow('not a host');
  },
);

test('a store has the certificate as it is, marked as Java wants one that it trusts', () => {
  const { pem } = new BuildAuthority();
  const store = pkcs12(pem);
  const { raw } = new X509Certificate(pem);
  expect(store.indexOf(raw)).toBeGreaterThan(0);
  // SEQUENCE of the whole, INTEGER 3.
  expect(store[0]).toBe(0x30);
  expect(store.readUInt16BE(2)).toBe(store.length - 4);
  expect(store.subarray(4, 7)).toEqual(Buffer.from([0x02, 0x01, 0x03]));
  // 2.16.840.1.113894.746875.1.1, as keytool writes it.
  expect(
    store.includes(Buffer.from('6086480186f9 66 adca7b 01 01'.replaceAll(' ', ''), 'hex')),
  ).toBe(true);
});
