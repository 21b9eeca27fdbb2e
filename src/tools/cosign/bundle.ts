import { isDeepStrictEqual } from 'node:util';
import { parseStrictJson } from '../../formats/strict-json.ts';
import { type Digest, digestHex, isDigest } from '../../model/digest.ts';
import { field, isObject, listField, textField, textMapField } from '../../model/json-value.ts';
import { isBundleType, MEDIA_TYPE } from '../../model/oci.ts';
import { err, ok, type Result } from '../../model/result.ts';
import type { Statement } from '../../model/statement.ts';

/** What a statement must be about. */
interface ExpectedStatement {
  readonly subject: Digest;
  readonly predicateType: string;
  /** Compared by value; not where it is undefined. */
  readonly predicate?: unknown;
}

const MAX_BYTES = 64 * 1024 * 1024;
const STATEMENT = /^https:\/\/in-toto\.io\/Statement\/v(?:0\.1|1)$/;

/**
 * The in-toto statement in a sigstore bundle (protobuf-specs, sigstore_bundle.proto): the payload
 * of its one-signature DSSE envelope. It says nothing about the signature; that is cosign's to
 * verify.
 */
export function bundleStatement(bytes: Uint8Array): Result<Statement> {
  const bundle = documentOf(bytes);
  if (!isBundleType(textField(bundle, 'mediaType') ?? ''))
    return err('it is not a sigstore bundle');
  const envelope = field(bundle, 'dsseEnvelope');
  if (textField(envelope, 'payloadType') !== MEDIA_TYPE.inToto)
    return err('its envelope does not contain an in-toto statement');
  if (listField(envelope, 'signatures').length !== 1)
    return err('it has not exactly one signature');
  const statement = documentOf(Buffer.from(textField(envelope, 'payload') ?? '', 'base64'));
  if (!isObject(statement) || !STATEMENT.test(textField(statement, '_type') ?? ''))
    return err('its payload is not an in-toto statement');
  const subject = listField(statement, 'subject')
    .filter((entry) => isObject(field(entry, 'digest')))
    .map((entry) => ({ digest: textMapField(entry, 'digest') }));
  return ok({
    _type: textField(statement, '_type') ?? '',
    subject,
    predicateType: textField(statement, 'predicateType') ?? '',
    predicate: statement['predicate'],
  });
}

/** The signature, base64, of a sigstore bundle over plain bytes (`messageSignature`). */
export function bundleSignature(bytes: Uint8Array): Result<string> {
  const bundle = documentOf(bytes);
  if (!isBundleType(textField(bundle, 'mediaType') ?? ''))
    return err('it is not a sigstore bundle');
  const signature = textField(field(bundle, 'messageSignature'), 'signature') ?? '';
  return /^[A-Za-z0-9+/]+={0,2}$/.test(signature)
    ? ok(signature)
    : err('it does not contain a signature');
}

/**
 * Checks that a bundle states what was asked for: the subject, the predicate's type, and, if given,
 * the predicate, of that subject alone.
 */
export function checkBundle(bytes: Uint8Array, expected: ExpectedStatement): Result<Statement> {
  const found = bundleStatement(bytes);
  if (!found.ok) return found;
  const statement = found.value;
  const subjects = statement.subject.map(({ digest }) => `sha256:${digest['sha256'] ?? ''}`);
  const isAbout = subjects.includes(expected.subject);
  // What cosign was given to sign is about one file; what is verified may name others beside it.
  const isWider = expected.predicate !== undefined && new Set(subjects).size > 1;
  if (!isAbout || isWider)
    return err(
      `its subject is ${subjects.filter(isDigest).join(', ') || 'nothing'}, not ${expected.subject}`,
    );
  if (statement.predicateType !== expected.predicateType)
    return err(`its predicate type is ${statement.predicateType}, not ${expected.predicateType}`);
  if (
    expected.predicate !== undefined &&
    !isDeepStrictEqual(statement.predicate, expected.predicate)
  )
    return err(`its predicate is not the one given for ${digestHex(expected.subject)}`);
  return found;
}

/** The value of the document, undefined where it is malformed or readers differ about it. */
function documentOf(bytes: Uint8Array): unknown {
  const parsed = parseStrictJson(bytes, 'it', MAX_BYTES);
  return parsed.ok ? parsed.value : undefined;
}
