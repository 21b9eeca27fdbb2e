// A certificate authority that speaks Fulcio's API v1 and v2, with a CT log's promise in each certificate.
import { createPublicKey, sign, verify } from 'node:crypto';
import { now } from './clock.mjs';
import { children, octets, read, utf8 } from './der.mjs';
import {
  EKU,
  certificate,
  ext,
  extension,
  fromPem,
  issue,
  name,
  p256,
  p384,
  pem,
  rootCa,
  sha256,
  spki,
} from './x509.mjs';

const OID = (n) => `1.3.6.1.4.1.57264.1.${n}`;
const GITHUB = 'https://token.actions.githubusercontent.com';

export function makeFulcio({ organisation = 'sigstore.mock' } = {}) {
  const root = rootCa({ O: organisation, CN: 'sigstore' });
  const intermediate = issue(root, {
    names: { O: organisation, CN: 'sigstore-intermediate' },
    keys: p384(),
    hash: 'sha384',
    extensions: [ext.keyUsageCa(), ext.eku(EKU.codeSigning), ext.ca(0)],
  });
  const ctKeys = p256();
  const ct = { key: ctKeys.privateKey, spki: spki(ctKeys.publicKey) };
  return { root, intermediate, ct, issued: 0 };
}

/** The leaf for a public key (SubjectPublicKeyInfo, DER) and the token's claims. */
export function leaf(fulcio, publicSpki, claims) {
  fulcio.issued += 1;
  const issuedAt = now('fulcio');
  const made = certificate({
    subject: Buffer.from([0x30, 0]),
    subjectSpki: publicSpki,
    issuer: fulcio.intermediate,
    notBefore: issuedAt,
    notAfter: new Date(issuedAt.getTime() + 600_000),
    extensions: [
      ext.keyUsageSign(),
      ext.eku(EKU.codeSigning),
      ext.ski(publicSpki),
      ext.aki(fulcio.intermediate.spki),
      subjectName(claims),
      ...claimExtensions(claims),
    ],
  });
  const random = made.tbsOf([]);
  // The serial number is drawn in tbsOf: the promise is added to the very same bytes.
  const sct = promise(fulcio, random, issuedAt);
  return made.signed(withExtension(random, sct));
}
/** A TBSCertificate with one more extension behind the others. */
function withExtension(tbs, added) {
  const parts = children(read(tbs).body);
  const last = parts.at(-1);
  const list = read(last.body);
  const grown = wrap(0xa3, wrap(0x30, Buffer.concat([list.body, added])));
  return wrap(0x30, Buffer.concat([...parts.slice(0, -1).map((p) => p.raw), grown]));
}
function wrap(tag, body) {
  const n = body.length;
  const length = n < 0x80 ? [n] : n < 0x100 ? [0x81, n] : [0x82, n >> 8, n & 255];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
}
/** RFC 6962, 3.2 and 3.3: a SignedCertificateTimestampList of one, about a precertificate. */
function promise(fulcio, tbs, issuedAt) {
  const stamp = Buffer.alloc(8);
  stamp.writeBigUInt64BE(BigInt(issuedAt.getTime()));
  const size = Buffer.from([tbs.length >> 16, (tbs.length >> 8) & 255, tbs.length & 255]);
  const signed = Buffer.concat([
    Buffer.from([0, 0]),
    stamp,
    Buffer.from([0, 1]),
    sha256(fulcio.intermediate.spki),
    size,
    tbs,
    Buffer.from([0, 0]),
  ]);
  const signature = sign('sha256', signed, fulcio.ct.key);
  const sct = Buffer.concat([
    Buffer.from([0]),
    sha256(fulcio.ct.spki),
    stamp,
    Buffer.from([0, 0, 4, 3, signature.length >> 8, signature.length & 255]),
    signature,
  ]);
  const u16 = (n) => Buffer.from([n >> 8, n & 255]);
  return extension(
    '1.3.6.1.4.1.11129.2.4.2',
    false,
    octets(Buffer.concat([u16(sct.length + 2), u16(sct.length), sct])),
  );
}
/** What Fulcio names the subject, by issuer: fulcio/docs/oidc.md. */
export function subjectOf(claims) {
  if (claims.job_workflow_ref !== undefined) return `https://github.com/${claims.job_workflow_ref}`;
  if (claims.ci_config_ref_uri !== undefined) return `https://${claims.ci_config_ref_uri}`;
  return claims.email ?? claims.sub;
}
function subjectName(claims) {
  const subject = subjectOf(claims);
  return subject.includes('@') && !subject.includes('://')
    ? ext.sanEmail(subject)
    : ext.sanUri(subject);
}
function claimExtensions(claims) {
  const v1 = (n, value) =>
    value === undefined ? [] : [extension(OID(n), false, Buffer.from(value))];
  const v2 = (n, value) =>
    value === undefined ? [] : [extension(OID(n), false, utf8(String(value)))];
  const github = claims.iss === GITHUB || claims.job_workflow_ref !== undefined;
  const at = (value) => (value === undefined ? undefined : `https://github.com/${value}`);
  if (!github) return [...v1(1, claims.iss), ...v2(8, claims.iss)];
  return [
    ...v1(1, claims.iss),
    ...v1(2, claims.event_name),
    ...v1(3, claims.sha),
    ...v1(4, claims.workflow),
    ...v1(5, claims.repository),
    ...v1(6, claims.ref),
    ...v2(8, claims.iss),
    ...v2(9, at(claims.job_workflow_ref)),
    ...v2(10, claims.job_workflow_sha),
    ...v2(11, claims.runner_environment),
    ...v2(12, at(claims.repository)),
    ...v2(13, claims.sha),
    ...v2(14, claims.ref),
    ...v2(15, claims.repository_id),
    ...v2(16, at(claims.repository_owner)),
    ...v2(17, claims.repository_owner_id),
    ...v2(18, at(claims.workflow_ref)),
    ...v2(19, claims.workflow_sha),
    ...v2(20, claims.event_name),
    ...v2(
      21,
      claims.run_id === undefined
        ? undefined
        : `https://github.com/${claims.repository}/actions/runs/${claims.run_id}/attempts/${claims.run_attempt ?? 1}`,
    ),
    ...v2(22, claims.repository_visibility),
  ];
}

/** Both APIs; `claimsOf(token)` throws where the token is not to be believed. Answers [status, type, body]. */
export function fulcioRoutes(fulcio, claimsOf) {
  const chain = (publicSpki, claims) =>
    [leaf(fulcio, publicSpki, claims), fulcio.intermediate.der, fulcio.root.der].map((der) =>
      pem(der),
    );
  return {
    'POST /api/v1/signingCert': (request) => {
      const claims = claimsOf(bearer(request));
      const asked = JSON.parse(request.body);
      const key =
        asked.certificateSigningRequest === undefined || asked.certificateSigningRequest === null
          ? proven(
              anyKey(Buffer.from(asked.publicKey.content, 'base64')),
              asked.signedEmailAddress,
              claims,
            )
          : csrKey(Buffer.from(asked.certificateSigningRequest, 'base64').toString());
      return [201, 'application/pem-certificate-chain', chain(key, claims).join('')];
    },
    'POST /api/v2/signingCert': (request) => {
      const asked = JSON.parse(request.body);
      const claims = claimsOf(asked.credentials?.oidcIdentityToken ?? bearer(request));
      const key =
        asked.publicKeyRequest === undefined
          ? csrKey(Buffer.from(asked.certificateSigningRequest, 'base64').toString())
          : proven(
              spki(asked.publicKeyRequest.publicKey.content),
              asked.publicKeyRequest.proofOfPossession,
              claims,
            );
      return [
        200,
        'application/json',
        JSON.stringify({
          signedCertificateEmbeddedSct: { chain: { certificates: chain(key, claims) } },
        }),
      ];
    },
    'GET /api/v2/trustBundle': () => [
      200,
      'application/json',
      JSON.stringify({
        chains: [{ certificates: [fulcio.intermediate, fulcio.root].map(({ der }) => pem(der)) }],
      }),
    ],
  };
}
const bearer = (request) => /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
/** A key in PEM form or DER. */
const anyKey = (bytes) => (bytes[0] === 0x30 ? bytes : spki(bytes.toString()));
/** The key, where the caller has shown that it holds the private half: a signature over the token's subject. */
function proven(key, proof, claims) {
  const signature = Buffer.from(proof ?? '', 'base64');
  const publicKey = createPublicKey({ key, format: 'der', type: 'spki' });
  const said = [claims.sub, claims.email].filter((text) => text !== undefined);
  if (!said.some((text) => verify('sha256', Buffer.from(text), publicKey, signature)))
    throw new Error('the proof of possession does not verify');
  return key;
}
function csrKey(text) {
  const [info] = children(read(fromPem(text)).body);
  return Buffer.from(children(info.body)[2].raw);
}
