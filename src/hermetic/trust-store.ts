import { X509Certificate } from 'node:crypto';
import { integer, octets, oid, sequence, set, tlv } from './der.ts';

/** RFC 7292, appendix D, RFC 2985, and what Java marks a certificate with that it may trust. */
const OID = {
  data: '1.2.840.113549.1.7.1',
  certificateBag: '1.2.840.113549.1.12.10.1.3',
  x509: '1.2.840.113549.1.9.22.1',
  trustedKeyUsage: '2.16.840.1.113894.746875.1.1',
  anyUsage: '2.5.29.37.0',
} as const;

/**
 * A PKCS #12 store (RFC 7292) that has one trusted certificate, given as PEM. It is not encrypted
 * and has no code of integrity, so that Java reads it without a password.
 */
export function pkcs12(pem: string): Buffer {
  const certificate = sequence(oid(OID.x509), tlv(EXPLICIT, octets(new X509Certificate(pem).raw)));
  const attribute = sequence(oid(OID.trustedKeyUsage), set(oid(OID.anyUsage)));
  const bag = sequence(oid(OID.certificateBag), tlv(EXPLICIT, certificate), set(attribute));
  const safe = sequence(content(sequence(bag)));
  return sequence(integer(Buffer.from([3])), content(safe));
}

/** Tag 0 of the context, constructed. */
const EXPLICIT = 0xa0;

function content(of: Uint8Array): Buffer {
  return sequence(oid(OID.data), tlv(EXPLICIT, octets(of)));
}
