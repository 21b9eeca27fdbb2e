import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MEDIA_TYPE } from '../../src/model/image.ts';
import { digestOf } from '../../src/model/reference.ts';
import { PREDICATE_TYPE } from '../../src/model/statement.ts';
import { type AttachedBlob, attachedForm, readAttachedBlob } from '../../src/trust/attached.ts';

const IMAGE = digestOf('image');
const OTHER = digestOf('other');
const hex = (digest: string): string => digest.slice('sha256:'.length);

const statement = (predicateType: string, predicate: unknown, subject = IMAGE) => ({
  _type: 'https://in-toto.io/Statement/v0.1',
  predicateType,
  subject: [{ name: 'x', digest: { sha256: hex(subject) } }],
  predicate,
});
const envelope = (content: unknown) => ({
  payloadType: MEDIA_TYPE.inToto,
  payload: Buffer.from(JSON.stringify(content)).toString('base64'),
  signatures: [{ keyid: '', sig: 'MEUCIQ==' }],
});
const bundle = (
  content: Record<string, unknown>,
  material: object = { publicKey: { hint: '' } },
) => ({
  mediaType: MEDIA_TYPE.sigstoreBundle,
  verificationMaterial: material,
  ...content,
});
const simpleSigning = (digest: string) => ({
  critical: {
    identity: { 'docker-reference': 'r/x' },
    image: { 'docker-manifest-digest': digest },
    type: 'cosign container image signature',
  },
  optional: null,
});

/** A media type of each form, and the artifact type that some need. */
const FORMS = {
  bundle: [MEDIA_TYPE.sigstoreBundle],
  'simple-signing': [MEDIA_TYPE.simpleSigning],
  dsse: [MEDIA_TYPE.dsse],
  statement: [MEDIA_TYPE.inToto],
  notation: ['application/jose+json', 'application/vnd.cncf.notary.signature'],
  sbom: ['application/vnd.cyclonedx+json'],
  document: ['application/octet-stream', 'application/vnd.example.apparmor'],
} as const;
type Form = keyof typeof FORMS;

interface Given {
  readonly form?: Form;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly place?: AttachedBlob['place'];
}

const read = (content: unknown, { form = 'bundle', annotations, place }: Given) => {
  const [mediaType, artifactType] = FORMS[form];
  const bytes =
    content instanceof Uint8Array
      ? content
      : Buffer.from(typeof content === 'string' ? content : JSON.stringify(content));
  const blob = { mediaType, digest: OTHER, size: 1, ...(annotations && { annotations }) };
  return readAttachedBlob(
    { blob, artifactType, place: place ?? 'bundle-referrer', hangsOn: IMAGE },
    bytes,
  );
};

describe('attachedForm', () => {
  test.each([
    ['application/vnd.dev.sigstore.bundle.v0.3+json', undefined, 'bundle'],
    ['application/vnd.dev.sigstore.bundle+json;version=0.1', undefined, 'bundle'],
    ['application/vnd.dev.sigstore.bundle+json;version=0.2', undefined, 'bundle'],
    ['application/vnd.dev.cosign.simplesigning.v1+json', undefined, 'simple-signing'],
    ['application/vnd.dsse.envelope.v1+json', undefined, 'dsse'],
    ['application/vnd.in-toto+json', undefined, 'statement'],
    ['application/jose+json', 'application/vnd.cncf.notary.signature', 'notation'],
    ['application/cose', 'application/vnd.cncf.notary.signature', 'notation'],
    ['application/jose+json', undefined, undefined],
    ['application/vnd.cyclonedx+json', undefined, 'sbom'],
    ['application/spdx+json', undefined, 'sbom'],
    ['text/spdx+json', undefined, 'sbom'],
    ['application/octet-stream', 'application/vnd.example.seccomp+json', 'document'],
    ['application/vnd.oci.image.layer.v1.tar+gzip', 'application/vnd.example.app', undefined],
  ])('%s of %s is %s', (mediaType, artifactType, form) => {
    const blob = { mediaType, digest: IMAGE, size: 1 };
    const at = { place: 'cosign-tag', hangsOn: IMAGE } as const;
    expect(attachedForm({ blob, artifactType, ...at })).toBe(form);
  });
});

describe('a sigstore bundle', () => {
  test('with the empty statement of cosign sign is a signature', () => {
    const content = bundle({ dsseEnvelope: envelope(statement(PREDICATE_TYPE.cosignSign, {})) });
    expect(read(content, {})).toMatchObject({
      ok: true,
      value: {
        says: { kind: 'signature', form: 'cosign-bundle' },
        subjects: [IMAGE],
        proof: { kind: 'statement', predicateType: PREDICATE_TYPE.cosignSign, signedWith: 'key' },
      },
    });
  });

  test('with a statement keeps what was signed beside what it means', () => {
    const type = 'http://spdx.dev/Document';
    const sbom = { spdxVersion: 'SPDX-2.3' };
    const content = bundle({
      dsseEnvelope: envelope(statement(type, { Data: JSON.stringify(sbom) }, OTHER)),
    });
    expect(read(content, {})).toMatchObject({
      ok: true,
      value: {
        says: {
          kind: 'statement',
          predicateType: PREDICATE_TYPE.spdx,
          predicate: sbom,
          source: 'bundle-referrer',
        },
        // Another subject stays visible.
        subjects: [OTHER],
        proof: { kind: 'statement', predicateType: type },
      },
    });
  });

  test('over plain bytes is a signature of what its digest says', () => {
    const digest = createHash('sha256').update('other').digest('base64');
    const signed = (messageDigest: unknown) =>
      read(
        bundle(
          { messageSignature: { messageDigest, signature: 'AAAA' } },
          { certificate: { rawBytes: 'AA==' } },
        ),
        {},
      );
    expect(signed({ algorithm: 'SHA2_256', digest })).toMatchObject({
      ok: true,
      value: {
        subjects: [OTHER],
        proof: { kind: 'message', payload: undefined, signedWith: 'certificate' },
      },
    });
    expect(signed(undefined)).toMatchObject({ ok: true, value: { subjects: [IMAGE] } });
  });

  test.each([
    ['no bundle', { mediaType: 'application/json' }],
    ['nothing signed', bundle({})],
    ['another payload', bundle({ dsseEnvelope: { ...envelope({}), payloadType: 'x' } })],
    ['no JSON', '{'],
  ])('%s is no evidence', (_, content) => {
    expect(read(content, {}).ok).toBe(false);
  });
});

describe('the forms before bundles', () => {
  const SIGNATURE = { 'dev.cosignproject.cosign/signature': 'MEUCIQ==' };

  test('a simple signing payload becomes a bundle over its bytes', () => {
    const made = read(simpleSigning(IMAGE), { form: 'simple-signing', annotations: SIGNATURE });
    expect(made).toMatchObject({
      ok: true,
      value: { says: { form: 'cosign-tag' }, subjects: [IMAGE], proof: { kind: 'message' } },
    });
    const proof = made.ok && made.value.proof.kind === 'message' ? made.value.proof : undefined;
    expect(Buffer.from(proof?.payload ?? [])).toEqual(
      Buffer.from(JSON.stringify(simpleSigning(IMAGE))),
    );
    expect(JSON.parse(Buffer.from(proof?.bundle ?? []).toString())).toMatchObject({
      mediaType: MEDIA_TYPE.sigstoreBundle,
      messageSignature: { signature: 'MEUCIQ==' },
    });
  });

  test('without its signature it proves nothing', () => {
    expect(read(simpleSigning(IMAGE), { form: 'simple-signing' })).toMatchObject({
      ok: true,
      value: { proof: { kind: 'none' } },
    });
  });

  test.each([
    ['another type', { critical: { ...simpleSigning(IMAGE).critical, type: 'x' } }],
    ['no digest', simpleSigning('sha256:short')],
    ['no payload', []],
  ])('%s is no signature', (_, content) => {
    expect(read(content, { form: 'simple-signing', annotations: SIGNATURE }).ok).toBe(false);
  });

  test('an envelope becomes a bundle of itself', () => {
    const dsse = envelope(statement(PREDICATE_TYPE.slsaProvenanceV1, { a: 1 }));
    const made = read(dsse, { form: 'dsse', place: 'cosign-tag' });
    expect(made).toMatchObject({
      ok: true,
      value: { says: { source: 'cosign-tag', predicate: { a: 1 } }, proof: { signedWith: 'key' } },
    });
    const proof = made.ok && made.value.proof.kind === 'statement' ? made.value.proof : undefined;
    expect(JSON.parse(Buffer.from(proof?.bundle ?? []).toString())).toMatchObject({
      dsseEnvelope: dsse,
    });
  });

  test('a log entry that is malformed leaves it without proof', () => {
    const annotations = { ...SIGNATURE, 'dev.sigstore.cosign/bundle': '{"Payload":{}}' };
    expect(read(simpleSigning(IMAGE), { form: 'simple-signing', annotations })).toMatchObject({
      ok: true,
      value: { proof: { kind: 'none', reason: 'the log entry of the signature is malformed' } },
    });
  });
});

describe('what nobody signed', () => {
  test('a statement of BuildKit', () => {
    const content = statement(PREDICATE_TYPE.slsaProvenanceV02, { builder: { id: '' } });
    expect(read(content, { form: 'statement', place: 'buildkit-manifest' })).toMatchObject({
      ok: true,
      value: {
        says: { source: 'buildkit-manifest', predicateType: PREDICATE_TYPE.slsaProvenanceV02 },
        subjects: [IMAGE],
        proof: { kind: 'none' },
      },
    });
  });

  test('an envelope under the media type of statements is read as what it is', () => {
    const dsse = envelope(statement('https://example.org/t', {}));
    expect(read(dsse, { form: 'statement' })).toMatchObject({
      ok: true,
      value: { proof: { kind: 'statement', predicateType: 'https://example.org/t' } },
    });
  });

  test('an SBOM document is about what it hangs on', () => {
    const sbom = { bomFormat: 'CycloneDX', specVersion: '1.6' };
    expect(read(sbom, { form: 'sbom' })).toMatchObject({
      ok: true,
      value: {
        says: { predicateType: PREDICATE_TYPE.cyclonedx, predicate: sbom },
        subjects: [IMAGE],
        proof: { kind: 'none' },
      },
    });
    expect(read({}, { form: 'sbom' }).ok).toBe(false);
    expect(read('SPDXVersion: SPDX-2.3', { form: 'sbom' }).ok).toBe(false);
  });

  test('a profile may be text', () => {
    expect(read('profile x {}', { form: 'document' })).toMatchObject({
      ok: true,
      value: { says: { predicateType: FORMS.document[1], predicate: 'profile x {}' } },
    });
  });
});

describe('hostile blobs', () => {
  test('nested too deep, or too large', () => {
    const deep = '['.repeat(300) + ']'.repeat(300);
    expect(read(`{"_type":"x","predicate":${deep}}`, { form: 'statement' })).toEqual({
      ok: false,
      error: 'the attestation is nested too deep',
    });
    expect(read(' '.repeat(17 * 1024 * 1024), { form: 'dsse' }).ok).toBe(false);
  });

  test('any bytes in any form are read or refused', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...(Object.keys(FORMS) as Form[])),
        fc.oneof(
          fc.uint8Array({ maxLength: 300 }),
          fc.json().map((text) => Buffer.from(text)),
        ),
        (form, bytes) => {
          expect(typeof read(bytes, { form }).ok).toBe('boolean');
        },
      ),
    );
  });
});
