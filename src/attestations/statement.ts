import { readAs } from '../formats/json-shape.ts';
import { type Digest, parseDigest } from '../model/digest.ts';
import { isObject, type JsonObject, objectOf } from '../model/json-value.ts';
import { isBundleType, MEDIA_TYPE } from '../model/oci.ts';
import { err, ok, type Result } from '../model/result.ts';
import type { Statement } from '../model/statement.ts';
import { ENVELOPE, STATEMENT } from './attached-shapes.ts';
import {
  base64Of,
  listOf,
  MAX_DOCUMENT_BYTES,
  parseUntrustedJson,
  textOf,
  textsOf,
} from './untrusted-json.ts';

/** Both spellings that are in use: cosign 2 and BuildKit write the older, cosign 3 the newer. */
const STATEMENT_TYPES = ['https://in-toto.io/Statement/v1', 'https://in-toto.io/Statement/v0.1'];
const MAX_SUBJECTS = 10_000;

/**
 * The in-toto statement in a document: a raw statement (as in BuildKit's attestation manifest), a
 * DSSE envelope (as in cosign's `.att` images), or a sigstore bundle with a DSSE envelope.
 * Signatures are not checked: that is cosign's work. At most `maxBytes` bytes are read; the error
 * says which part is wrong.
 */
export function parseStatement(
  document: Uint8Array | string,
  maxBytes = MAX_DOCUMENT_BYTES,
): Result<Statement> {
  const parsed = parseUntrustedJson(document, 'the attestation', maxBytes);
  if (!parsed.ok) return parsed;
  if (!isObject(parsed.value)) return err('the attestation is not a JSON object');
  const object = parsed.value;
  if ('_type' in object) return statementOf(object);
  if ('payloadType' in object) return fromEnvelope(object, maxBytes);
  if (typeof object['mediaType'] === 'string') return fromBundle(object, maxBytes);
  return err('the attestation is neither a statement, a DSSE envelope nor a sigstore bundle');
}

function fromBundle(bundle: JsonObject, maxBytes: number): Result<Statement> {
  const mediaType = textOf(bundle['mediaType'], 200) ?? '';
  if (!isBundleType(mediaType)) return err('the media type of the bundle is not known');
  if (!isObject(bundle['dsseEnvelope']))
    return err('the bundle signs a message and does not contain a statement');
  return fromEnvelope(bundle['dsseEnvelope'], maxBytes);
}

/** The statement in a DSSE envelope that is parsed already. */
export function statementIn(envelope: unknown, maxBytes: number): Result<Statement> {
  return isObject(envelope)
    ? fromEnvelope(envelope, maxBytes)
    : err('the envelope is not a JSON object');
}

function fromEnvelope(untrusted: JsonObject, maxBytes: number): Result<Statement> {
  const read = readAs(untrusted, ENVELOPE, 'the envelope');
  if (!read.ok) return read;
  const envelope = objectOf(read.value);
  if (envelope['payloadType'] !== MEDIA_TYPE.inToto)
    return err(`the payload of the envelope is not of type ${MEDIA_TYPE.inToto}`);
  const payload = base64Of(envelope['payload'], maxBytes);
  if (payload === undefined) return err('the payload of the envelope is not base64, or too large');
  const parsed = parseUntrustedJson(payload, 'the statement in the envelope', maxBytes);
  if (!parsed.ok) return parsed;
  return statementOf(objectOf(parsed.value));
}

function statementOf(untrusted: JsonObject): Result<Statement> {
  const read = readAs(untrusted, STATEMENT, 'the statement');
  if (!read.ok) return read;
  const object = objectOf(read.value);
  const type = textOf(object['_type'], 200);
  if (type === undefined || !STATEMENT_TYPES.includes(type))
    return err('the statement is not of a type that in-toto defines');
  const predicateType = textOf(object['predicateType'], 1000);
  if (predicateType === undefined || predicateType === '')
    return err('the statement does not name a predicate type');
  const subjects = object['subject'];
  if (Array.isArray(subjects) && subjects.length > MAX_SUBJECTS)
    return err(`the statement has more than ${MAX_SUBJECTS} subjects`);
  return ok({
    _type: type,
    subject: listOf(subjects, MAX_SUBJECTS).map(subjectOf),
    predicateType,
    predicate: object['predicate'],
  });
}

function subjectOf(value: unknown): Statement['subject'][number] {
  const subject = objectOf(value);
  const name = textOf(subject['name']);
  const digest = textsOf(subject['digest'], 20);
  return name === undefined ? { digest } : { name, digest };
}

/** The sha256 digests of the subjects, each once; malformed ones are left out and cover nothing. */
export function subjectDigests(statement: Statement): Digest[] {
  const digests = statement.subject
    .map(({ digest }) => parseDigest(`sha256:${digest['sha256'] ?? ''}`))
    .filter((digest) => digest !== undefined);
  return [...new Set(digests)];
}
