// A timestamp authority: RFC 3161 over HTTP.
import { createHash, randomBytes, sign } from 'node:crypto';
import { now } from './clock.mjs';
import {
  children,
  ctx,
  generalizedTime,
  int,
  nul,
  octets,
  oid,
  read,
  seq,
  set,
  tlv,
  utcTime,
} from './der.mjs';
import { EKU, ECDSA_SHA256, ext, issue, p256, p384, rootCa, sha256 } from './x509.mjs';

const HASHES = {
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};
export function makeTsa() {
  const root = rootCa({ O: 'sigstore.mock', CN: 'sigstore-tsa-selfsigned' });
  const signer = issue(root, {
    names: { O: 'sigstore.mock', CN: 'sigstore-tsa' },
    keys: p256(),
    extensions: [ext.keyUsageSign(), ext.eku(EKU.timeStamping, true)],
  });
  return { root, signer, made: 0 };
}
export function tsaRoutes(tsa) {
  const stamp = (request) => {
    tsa.made += 1;
    return [201, 'application/timestamp-reply', reply(tsa, request.bytes)];
  };
  return { 'POST /api/v1/timestamp': stamp };
}
function reply(tsa, asked) {
  const fields = children(read(asked).body);
  const imprint = fields[1];
  const hashOid = children(children(imprint.body)[0].body)[0];
  if (!Object.keys(HASHES).some((id) => oid(id).equals(hashOid.raw)))
    throw new Error('an imprint with a hash that is not known');
  const nonce = fields.slice(2).find((f) => f.tag === 0x02);
  const wantsCertificates = fields.slice(2).some((f) => f.tag === 0x01 && f.body[0] !== 0);
  const at = now('tsa');
  const info = seq(
    int(1),
    oid('1.3.6.1.4.1.57264.2'),
    imprint.raw,
    int(randomBytes(16)),
    generalizedTime(at),
    seq(int(1)),
    ...(nonce === undefined ? [] : [nonce.raw]),
  );
  const certificate = tsa.signer.der;
  const issuerAndSerial = (() => {
    const tbs = children(children(read(certificate).body)[0].body);
    return seq(tbs[3].raw, tbs[1].raw);
  })();
  const sha256Id = seq(oid('2.16.840.1.101.3.4.2.1'), nul());
  const attribute = (id, value) => seq(oid(id), set(value));
  const essCertV2 = seq(seq(seq(octets(sha256(certificate)))));
  const attributes = [
    attribute('1.2.840.113549.1.9.3', oid('1.2.840.113549.1.9.16.1.4')),
    attribute('1.2.840.113549.1.9.5', utcTime(at)),
    attribute('1.2.840.113549.1.9.4', octets(createHash('sha256').update(info).digest())),
    attribute('1.2.840.113549.1.9.16.2.47', essCertV2),
  ].sort(Buffer.compare); // DER: a SET OF is sorted
  const signature = sign('sha256', set(...attributes), tsa.signer.key);
  const signerInfo = seq(
    int(1),
    issuerAndSerial,
    sha256Id,
    tlv(0xa0, ...attributes),
    ECDSA_SHA256(),
    octets(signature),
  );
  const signedData = seq(
    int(3),
    set(sha256Id),
    seq(oid('1.2.840.113549.1.9.16.1.4'), ctx(0, octets(info))),
    ...(wantsCertificates ? [tlv(0xa0, certificate)] : []),
    set(signerInfo),
  );
  return seq(seq(int(0)), seq(oid('1.2.840.113549.1.7.2'), ctx(0, signedData)));
}
