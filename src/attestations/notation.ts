import { decode, type DecodeOptions } from 'cborg';
import { type Digest, parseDigest } from '../model/digest.ts';
import { messageOf } from '../model/errors.ts';
import { objectOf } from '../model/json-value.ts';
import { err, ok, type Result } from '../model/result.ts';
import { JWS, NOTATION_PAYLOAD } from './attached-shapes.ts';
import { base64Of, parseUntrustedJson } from './untrusted-json.ts';

const MAX_ENVELOPE_BYTES = 1024 * 1024;
const COSE_SIGN1 = 18;
/** What two readers could take differently is refused, and every tag but that of COSE_Sign1. */
const CBOR: DecodeOptions = {
  allowIndefinite: false,
  allowBigInt: false,
  rejectDuplicateMapKeys: true,
  useMaps: true,
  tags: { [COSE_SIGN1]: (content) => content() },
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

/** JWS JSON serialization, flattened (RFC 7515, 7.2.2). */
function jwsPayload(envelope: Uint8Array): Result<Uint8Array> {
  const parsed = parseUntrustedJson(envelope, 'the notation envelope', MAX_ENVELOPE_BYTES, JWS);
  if (!parsed.ok) return parsed;
  const payload = base64Of(objectOf(parsed.value)['payload'], MAX_ENVELOPE_BYTES);
  return payload === undefined ? err('the notation envelope has no payload') : ok(payload);
}

/** COSE_Sign1 (RFC 9052, 4.2): protected and unprotected headers, payload, signature. */
function cosePayload(envelope: Uint8Array): Result<Uint8Array> {
  const plain = new Uint8Array(envelope.buffer, envelope.byteOffset, envelope.byteLength);
  try {
    const item: unknown = decode(plain, CBOR);
    const payload: unknown = Array.isArray(item) && item.length === 4 ? item[2] : undefined;
    return payload instanceof Uint8Array
      ? ok(payload)
      : err('the notation envelope is not a COSE_Sign1 with a payload');
  } catch (error) {
    // Also where lists are nested too deeply for the stack.
    return err(messageOf(error));
  }
}
