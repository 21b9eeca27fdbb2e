import { constants, verify, X509Certificate } from 'node:crypto';
import { type Digest, parseDigest } from '../model/digest.ts';
import { objectOf } from '../model/json-value.ts';
import { err, ok, type Result } from '../model/result.ts';
import { JWS, NOTATION_PAYLOAD } from './attached-shapes.ts';
import { CoseSign1, decodeCbor } from './cbor.ts';
import { base64Of, listOf, parseUntrustedJson, textOf } from './untrusted-json.ts';

const MAX_ENVELOPE_BYTES = 1024 * 1024;
const SIGNING_TIME = 'io.cncf.notary.signingTime';
const TIMESTAMP = 'io.cncf.notary.timestampSignature';

/** RFC 7518, 3.4 and 3.5: the algorithms of notation's specification. */
const ALGORITHM = /^(PS|ES)(256|384|512)$/;
const PSS = {
  padding: constants.RSA_PKCS1_PSS_PADDING,
  saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
};

/**
 * The digest that a Notary Project signature is about: `targetArtifact` of its payload
 * (notaryproject/specifications, signature-specification.md, "Payload"), in a JWS JSON envelope or
 * a COSE_Sign1 one, by `mediaType`. The signature is not checked.
 */
export function notationTarget(envelope: Uint8Array, mediaType: string): Result<Digest> {
  if (envelope.length > MAX_ENVELOPE_BYTES) return err('the notation envelope is too large');
  const payload = mediaType === 'application/cose' ? cosePayload(envelope) : jwsPayload(envelope);
  if (!payload.ok) return payload;
  const parsed = parseUntrustedJson(
    payload.value,
    'the payload of the notation signature',
    MAX_ENVELOPE_BYTES,
    NOTATION_PAYLOAD,
  );
  if (!parsed.ok) return parsed;
  const digest = parseDigest(objectOf(objectOf(parsed.value)['targetArtifact'])['digest']);
  return digest === undefined
    ? err('the notation signature does not name a sha256 digest')
    : ok(digest);
}

/**
 * Certificate and content of a JWS envelope whose signature that certificate verifies, as a text to
 * compare: two that differ in the time of signing alone are one. Undefined for all else, COSE too.
 * Who the certificate belongs to is not checked.
 */
export function notationSigner(envelope: Uint8Array): string | undefined {
  const parsed = parseUntrustedJson(envelope, 'the notation envelope', MAX_ENVELOPE_BYTES, JWS);
  if (!parsed.ok) return undefined;
  const { payload, protected: head, header, signature } = objectOf(parsed.value);
  const { x5c, [TIMESTAMP]: timestamp } = objectOf(header);
  const [leaf, signed, bytes] = [listOf(x5c, 1)[0], signature, head].map((text) =>
    base64Of(text, MAX_ENVELOPE_BYTES),
  );
  if (leaf === undefined || signed === undefined || bytes === undefined) return undefined;
  const read = parseUntrustedJson(bytes, 'the protected header', MAX_ENVELOPE_BYTES);
  if (!read.ok) return undefined;
  const attributes = Object.fromEntries(
    Object.entries(objectOf(read.value)).filter(([name]) => name !== SIGNING_TIME),
  );
  const [, family, bits] = ALGORITHM.exec(textOf(attributes['alg']) ?? '') ?? [];
  if (bits === undefined) return undefined;
  const options = family === 'PS' ? PSS : ({ dsaEncoding: 'ieee-p1363' } as const);
  try {
    const key = { key: new X509Certificate(leaf).publicKey, ...options };
    const input = Buffer.from(`${String(head)}.${String(payload)}`);
    if (!verify(`sha${bits}`, input, key, signed)) return undefined;
    const certificate = Buffer.from(leaf).toString('base64');
    return JSON.stringify([certificate, attributes, payload, timestamp !== undefined]);
  } catch {
    return undefined;
  }
}

/** JWS JSON serialisation, flattened (RFC 7515, 7.2.2). */
function jwsPayload(envelope: Uint8Array): Result<Uint8Array> {
  const parsed = parseUntrustedJson(envelope, 'the notation envelope', MAX_ENVELOPE_BYTES, JWS);
  if (!parsed.ok) return parsed;
  const payload = base64Of(objectOf(parsed.value)['payload'], MAX_ENVELOPE_BYTES);
  return payload === undefined ? err('the notation envelope has no payload') : ok(payload);
}

/** COSE_Sign1 (RFC 9052, 4.2): protected and unprotected headers, payload, signature. */
function cosePayload(envelope: Uint8Array): Result<Uint8Array> {
  const decoded = decodeCbor(envelope);
  if (!decoded.ok) return decoded;
  const item = decoded.value instanceof CoseSign1 ? decoded.value.value : decoded.value;
  const payload: unknown = Array.isArray(item) && item.length === 4 ? item[2] : undefined;
  return payload instanceof Uint8Array
    ? ok(payload)
    : err('the notation envelope is not a COSE_Sign1 with a payload');
}
